package main

import "testing"

func TestParentIn(t *testing.T) {
	if parent, err := parentIn("56 (a) S 1 2) R 53 56 0 -1"); err != nil || parent != 53 {
		t.Errorf("found %d, %v", parent, err)
	}
	if _, err := parentIn("56 (x)"); err == nil {
		t.Error("took a line without a parent")
	}
}
