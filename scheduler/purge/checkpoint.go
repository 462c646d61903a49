package purge

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cultuurdag/crypto"
)

// checkpoint is how far the log had come: how many entries, and the hash of the
// last. Whoever keeps a signed one can tell when what it covers is changed.
type checkpoint struct {
	origin string
	size   int
	head   string // hex
}

// originOf returns the first line of checkpoints that the verifier key checks:
// the name of the key, and what the checkpoint is of.
func originOf(public string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(public), "+")
	return name + " purge log"
}

// text returns the text that is signed: the origin, the number of entries, and
// the hash of the last in base64, a line each.
func (c checkpoint) text() (string, error) {
	sum, err := hex.DecodeString(c.head)
	if err != nil {
		return "", fmt.Errorf("head of the purge log: %w", err)
	}
	return fmt.Sprintf("%s\n%d\n%s\n", c.origin, c.size, base64.StdEncoding.EncodeToString(sum)), nil
}

// openCheckpoint checks the signature under a checkpoint and reads it.
func openCheckpoint(public string, signed []byte) (checkpoint, error) {
	text, err := crypto.VerifyNote(public, signed)
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != originOf(public) {
		return checkpoint{}, errors.New("not a checkpoint of this purge log")
	}
	c := checkpoint{origin: lines[0]}
	if c.size, err = strconv.Atoi(lines[1]); err != nil || c.size < 0 {
		return checkpoint{}, errors.New("a checkpoint without a number of entries")
	}
	sum, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(sum) != hashLen/2 {
		return checkpoint{}, errors.New("a checkpoint without a hash")
	}
	c.head = hex.EncodeToString(sum)
	return c, nil
}

// check holds a log against the checkpoint: ErrTampered where the log is shorter
// or has another entry in that place.
func (c checkpoint) check(entries []Entry) error {
	if len(entries) < c.size {
		return tampered(len(entries)+1, "it is missing: a checkpoint was signed over %d entries and the log has %d", c.size, len(entries))
	}
	if have := head(entries[:c.size]); have != c.head {
		return tampered(max(c.size, 1), "a checkpoint was signed over a log that had another entry here, or another one before it")
	}
	return nil
}

// replaceFile puts data in the place of the file at path, whole or not at all.
func replaceFile(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the coming of names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readIfThere reads a file; nil where there is none.
func readIfThere(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
