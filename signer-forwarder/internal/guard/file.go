package guard

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// file is where the marks are written: a line of text for each, of one length, so that a mark is
// changed in its place. A line is less than a page, and a write of it is one system call: a killed
// program leaves it old or new, never half of each.
type file struct {
	path   string
	header string
	os     *os.File
}

// header returns the first line, which says whose marks they are. The forwarder's are nobody's. A file of
// another version is not read.
func header(owner string) string {
	if owner == "" {
		return version + "\n"
	}
	return version + " of " + owner + "\n"
}

const version = "signer-forwarder guard 1"

// ErrForeign says that a file has the marks of somebody else.
var ErrForeign = errors.New("the marks are not ours")

// Open takes the marks of a file, or makes the file if there is none, and keeps it for this program alone
// until Close. `owner` is the baker whose they are; the forwarder's are of all. `remembers` says that there
// was one. If it is damaged, it is kept beside it with the suffix .bad, `problem` says what is wrong with it,
// and the guard begins without memory. An error means that the file can't be used: another program has it, it
// can't be opened or written, or it has the marks of somebody else (ErrForeign). The file is as it was then.
func Open(path, owner string) (g *Guard, remembers bool, problem, err error) {
	lock, err := lockFile(path)
	if err != nil {
		return nil, false, nil, err
	}
	g = &Guard{lock: lock, file: &file{path: path, header: header(owner)}}
	if remembers, problem, err = g.load(); err != nil {
		g.Close()
		return nil, false, nil, err
	}
	return g, remembers, problem, nil
}

// lockFile takes a file for this program alone. The lock is a file beside it, as the file is replaced by
// another one when marks are forgotten. Linux gives it back when the program ends.
func lockFile(path string) (*os.File, error) {
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return lock, nil
	}
	lock.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%s: found it in use by another program, wanted it for this one alone", path)
	}
	return nil, fmt.Errorf("%s.lock: %w", path, err)
}

// load takes the marks of the file. A good one is not written, so that a full disk does not hinder a start.
func (g *Guard) load() (remembers bool, problem, err error) {
	path := g.file.path
	g.file.os, err = os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil, g.replace(nil)
	}
	if err != nil {
		return false, nil, err
	}
	marks, problem := read(g.file.os, g.file.header)
	if problem != nil {
		problem = fmt.Errorf("%s: %w", path, problem)
	}
	switch {
	case problem == nil:
		g.take(marks)
		return true, nil, nil
	case errors.Is(problem, ErrForeign):
		return false, nil, problem
	default:
		return false, problem, g.setAside()
	}
}

// setAside keeps a damaged file with the suffix .bad, and puts an empty one in its place. It has both names
// until then: one that can't be replaced now is still there for the next start.
func (g *Guard) setAside() error {
	bad := g.file.path + ".bad"
	if err := os.Remove(bad); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(g.file.path, bad); err != nil {
		return err
	}
	return g.replace(nil)
}

// read returns the marks of a file with that header, or what is wrong with it.
func read(opened *os.File, header string) ([]Mark, error) {
	bytes, err := io.ReadAll(opened)
	if err != nil {
		return nil, err
	}
	first, text, _ := strings.Cut(string(bytes), "\n")
	if wanted := strings.TrimSpace(header); first != wanted {
		if first == version || strings.HasPrefix(first, version+" of ") {
			return nil, fmt.Errorf("%w: found %q, wanted %q", ErrForeign, first, wanted)
		}
		return nil, fmt.Errorf("found another first line, wanted %q", wanted)
	}
	var marks []Mark
	seen := map[Place]bool{}
	for number := 2; text != ""; number++ {
		if len(text) < lineSize {
			return nil, fmt.Errorf("line %d: found %d bytes, wanted %d", number, len(text), lineSize)
		}
		mark, err := parse(text[:lineSize])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if seen[mark.place()] {
			return nil, fmt.Errorf("line %d: found a second mark of %s for %ss", number, mark.Address, mark.Kind)
		}
		seen[mark.place()] = true
		marks = append(marks, mark)
		text = text[lineSize:]
	}
	return marks, nil
}

// create writes a file with these marks, and puts it in the place of an older one.
func create(path, header string, marks []Mark) (*file, error) {
	var text strings.Builder
	text.WriteString(header)
	for _, mark := range marks {
		text.Write(format(mark))
	}
	made := path + ".new"
	opened, err := os.OpenFile(made, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = opened.WriteString(text.String()); err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		opened.Close()
		_ = os.Remove(made)
		return nil, err
	}
	return &file{path: path, header: header, os: opened}, nil
}

// write puts a mark into a line.
func (f *file) write(line int, m Mark) error {
	_, err := f.os.WriteAt(format(m), f.begin(line))
	return err
}

// add puts a mark into the line after the last one. One that the disk has no room for leaves nothing, as
// half a line would be a damaged file to the next start.
func (f *file) add(line int, m Mark) error {
	if err := f.write(line, m); err != nil {
		return errors.Join(err, f.os.Truncate(f.begin(line)))
	}
	return nil
}

// begin returns where a line begins.
func (f *file) begin(line int) int64 { return int64(len(f.header) + line*lineSize) }

func (f *file) close() {
	if f.os != nil {
		f.os.Close()
	}
}
