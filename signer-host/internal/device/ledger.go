package device

import (
	"encoding/json"
	"net/http"
	"strings"

	"remote-signer-cloud/signer-host/internal/daemon"
)

// noLedger is in octez-signer's error for a Ledger that it can't find: one that has another app open, or
// none because it waits for its PIN (Octez 25.1, src/lib_signer_backends/unix/ledger.available.ml).
const noLedger = "Found no ledger corresponding to "

// notBaking are the statuses with which a Ledger refuses a command before its baking app has seen it, in
// the words of octez-signer's library (ocaml-ledger-wallet, src/status.ml): it is locked, has no app open,
// or has one that does not know the command.
var notBaking = []string{"status code 0x5515", "status code 0x6e01", "Incorrect class"}

// isLocked reports whether an answer of octez-signer says that its Ledger is locked, or has not its baking
// app open. Nothing was signed then. Every other error may be the baking app's own, such as that of its
// watermark.
func isLocked(answer daemon.Answer) bool {
	var trace []struct {
		ID     string `json:"id"`
		Text   string `json:"msg"`
		Ledger string `json:"ledger-error"`
	}
	if answer.Status != http.StatusInternalServerError || json.Unmarshal(answer.Body, &trace) != nil {
		return false
	}
	for _, each := range trace {
		if each.ID == "failure" && strings.Contains(each.Text, noLedger) {
			return true
		}
		for _, status := range notBaking {
			if each.ID == "signer.ledger" && strings.Contains(each.Ledger, status) {
				return true
			}
		}
	}
	return false
}
