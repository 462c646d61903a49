package purge

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTampered means that the log is not as it was written. The text says which
// entry shows it.
var ErrTampered = errors.New("the purge log is not as it was written")

func tampered(seq int, format string, args ...any) error {
	return fmt.Errorf("%w: entry %d: %s", ErrTampered, seq, fmt.Sprintf(format, args...))
}

// unsigned is the error for an entry that no checkpoint covers.
func unsigned(seq int) error {
	return tampered(seq, "no checkpoint covers it: this program signs an entry before it writes it")
}

// head returns the hash that the entry after those has for Previous.
func head(entries []Entry) string {
	if len(entries) == 0 {
		return firstPrevious
	}
	return entries[len(entries)-1].Hash
}

// readChain reads lines that follow the entries, and returns all of them, how
// many bytes the whole lines that were read take, and how many stand after the
// last end of line. ErrTampered where the chain does not hold.
func readChain(r io.Reader, entries []Entry) (all []Entry, size int64, torn int, err error) {
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		seq := len(entries) + 1
		switch {
		case errors.Is(err, io.EOF):
			return entries, size, len(line), nil
		case errors.Is(err, bufio.ErrBufferFull):
			return entries, size, 0, tampered(seq, "its line is longer than %d bytes", maxLine)
		case err != nil:
			return entries, size, 0, fmt.Errorf("reading the purge log: %w", err)
		}
		e, err := parseEntry(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return entries, size, 0, tampered(seq, "%v", err)
		}
		if e.Seq != seq {
			return entries, size, 0, tampered(seq, "in its place stands entry %d: something was deleted, inserted or moved", e.Seq)
		}
		if e.Previous != head(entries) {
			return entries, size, 0, tampered(seq, "it does not follow the entry before it")
		}
		entries = append(entries, e)
		size += int64(len(line))
	}
}
