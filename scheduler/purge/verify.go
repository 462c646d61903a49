package purge

import (
	"fmt"
	"io"
)

// Verify checks a purge log from beginning to end, and holds it against
// checkpoints: signed notes of the verifier key public. Any change, deletion,
// exchange or insertion of an entry breaks the chain; a log that was cut, rolled
// back or written anew as a whole contradicts the checkpoints that were made
// over more, or over something else.
//
// The error matches ErrTampered and says which entry shows it; crypto.ErrNote
// and crypto.ErrLogKey are about a checkpoint. Without a checkpoint a chain that
// was cut, or made anew, passes. What was appended after the last checkpoint is
// held by the chain alone.
func Verify(lines io.Reader, public string, checkpoints ...[]byte) error {
	entries, _, torn, err := readChain(lines, nil)
	if err != nil {
		return err
	}
	if torn > 0 {
		return tampered(len(entries)+1, "its line does not end: the log was cut, or the program stopped while it wrote (then the next entry mends it)")
	}
	for i, signed := range checkpoints {
		c, err := openCheckpoint(public, signed)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		if err := c.check(entries); err != nil {
			return fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
	}
	return nil
}
