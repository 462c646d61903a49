package purge

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// Verify checks a purge log from beginning to end, and holds it against
// checkpoints: signed notes of the verifier key public. Any change, deletion,
// exchange or insertion of an entry breaks the chain; a log that was cut, rolled
// back or written anew as a whole contradicts the checkpoints that were made
// over more, or over something else; and an entry behind the newest of the
// checkpoints is refused, as nobody signed it.
//
// The error matches ErrTampered and says which entry shows it; crypto.ErrNote
// and crypto.ErrLogKey are about a checkpoint. Without any checkpoint a chain
// that was cut, or made anew, passes.
func Verify(lines io.Reader, public string, checkpoints ...[]byte) error {
	entries, _, torn, err := readChain(lines, nil)
	if err != nil {
		return err
	}
	if torn > 0 {
		return tampered(len(entries)+1, "its line does not end: the log was cut, or the program stopped while it wrote (then the next entry mends it)")
	}
	covered := 0
	for i, signed := range checkpoints {
		c, err := openCheckpoint(public, signed)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		if err := c.check(entries); err != nil {
			return fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		covered = max(covered, c.size)
	}
	if len(checkpoints) > 0 && covered < len(entries) {
		return unsigned(covered + 1)
	}
	return nil
}

// VerifyFile is Verify of the log at path with checkpoints, such as the one that a
// school received, and after those the one that lies beside the log.
func VerifyFile(path, public string, checkpoints ...[]byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	newest, next, err := readCheckpoints(path)
	if err != nil {
		return err
	}
	err = Verify(f, public, append(slices.Clip(checkpoints), newest)...)
	if err == nil || next == nil {
		return err
	}
	// The program stopped between the writing of an entry and the next line of its own.
	if _, seekErr := f.Seek(0, io.SeekStart); seekErr != nil {
		return seekErr
	}
	if Verify(f, public, append(slices.Clip(checkpoints), newest, next)...) == nil {
		return nil
	}
	return err
}
