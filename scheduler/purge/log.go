package purge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"cultuurdag/crypto"
)

// Log is the purge log: a file to which entries are appended, and beside it, in
// PATH.checkpoint, the newest signed checkpoint. Every entry is signed before it
// is written (in PATH.checkpoint.next), so that one that nobody signed was not
// written by this program, however well it fits the chain. Several processes may
// share a log. It is safe for concurrent use, and keeps nothing open.
type Log struct {
	path string
	key  *crypto.LogKey

	mu      sync.Mutex // guards what follows: what was read of the file so far
	entries []Entry
	size    int64 // bytes that the entries take in the file
	file    fs.FileInfo
}

// Open opens the log at path, and begins one where there is none; its folder has
// to be there. The whole chain is checked, and held against the checkpoint
// beside it: ErrTampered where either does not hold, so that a log that was cut
// or rolled back is never continued. Half a line at the end, of a program that
// was stopped while it wrote, is cut off: nothing was ever answered for it.
func Open(path string, key *crypto.LogKey) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the purge log: %w", err)
	}
	if err := errors.Join(f.Close(), syncDir(filepath.Dir(path))); err != nil {
		return nil, fmt.Errorf("opening the purge log: %w", err)
	}
	l := &Log{path: path, key: key}
	return l, l.locked(syscall.LOCK_EX, l.mend)
}

// logError is an error about a file of the log or beside it.
type logError struct{ error }

func (e logError) Unwrap() error { return e.error }

// locked opens the file, locks it, and reads what was added to it meanwhile,
// before it calls do with the file and the number of bytes after the last end of
// line.
func (l *Log) locked(how int, do func(f *os.File, torn int) error) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		if err != nil {
			err = logError{err}
		}
	}()
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("opening the purge log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := flock(f, how); err != nil {
		return fmt.Errorf("locking the purge log: %w", err)
	}
	torn, err := l.read(f)
	if err != nil {
		return err
	}
	return do(f, torn)
}

// read reads the entries that were appended since the last time. A log that was
// replaced or cut under a running program has to begin with what was read before.
func (l *Log) read(f *os.File) (torn int, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading the purge log: %w", err)
	}
	known, size := l.entries, l.size
	if l.file == nil || !os.SameFile(l.file, info) || info.Size() < l.size {
		known, size = nil, 0
	}
	entries, more, torn, err := readChain(io.NewSectionReader(f, size, info.Size()-size), known)
	if err != nil {
		return 0, err
	}
	before := checkpoint{size: len(l.entries), head: head(l.entries)}
	if err := before.check(entries); err != nil {
		return 0, err
	}
	l.entries, l.size, l.file = entries, size+more, info
	return torn, nil
}

// mend holds the log against the checkpoint, cuts off half a line at its end,
// and brings the checkpoint up to an entry that was written just before the
// program stopped.
func (l *Log) mend(f *os.File, torn int) error {
	covered, err := l.covered()
	if err != nil {
		return err // half a line that a checkpoint covers was no accident
	}
	if torn > 0 {
		if err := l.cut(f); err != nil {
			return err
		}
	}
	switch {
	case covered < 0 && len(l.entries) == 0:
		if err := l.sign(l.nextPath()); err != nil {
			return err
		}
	case covered == len(l.entries):
		return nil
	}
	return l.takeNext()
}

// covered holds the log against the checkpoint beside it and returns how many
// entries that covers; -1 where there is no checkpoint yet. An entry that it does
// not cover has to be covered by the one that was signed before it was written.
func (l *Log) covered() (int, error) {
	newest, next, err := readCheckpoints(l.path)
	if err != nil {
		return 0, err
	}
	covered := -1
	if newest != nil {
		c, err := openCheckpoint(l.key.Public(), newest)
		if err != nil {
			return 0, fmt.Errorf("checkpoint of the purge log: %w", err)
		}
		if err := c.check(l.entries); err != nil {
			return 0, err
		}
		covered = c.size
	}
	if len(l.entries) <= max(covered, 0) {
		return covered, nil
	}
	c, err := openCheckpoint(l.key.Public(), next)
	if err != nil || c.size != len(l.entries) || c.check(l.entries) != nil {
		return 0, unsigned(max(covered, 0) + 1)
	}
	return covered, nil
}

// cut takes off the file what stands after the last whole entry.
func (l *Log) cut(f *os.File) error {
	if err := errors.Join(f.Truncate(l.size), f.Sync()); err != nil {
		return fmt.Errorf("mending the purge log: %w", err)
	}
	return nil
}

// Append puts an entry at the end of the log and returns it, with its number and
// hashes, when it is on the disk and covered by a checkpoint. Event and Step are
// needed; At is now, by the machine's clock, where it is zero.
func (l *Log) Append(e Entry) (Entry, error) {
	e, _, err := l.append(e, false)
	return e, err
}

// AppendOnce is Append, unless the log has an entry with the same event, step
// and round (Again): then it returns that one, and false.
func (l *Log) AppendOnce(e Entry) (Entry, bool, error) {
	return l.append(e, true)
}

func (l *Log) append(e Entry, once bool) (written Entry, added bool, err error) {
	if e.Event == "" || e.Step == "" {
		return Entry{}, false, errors.New("an entry of the purge log needs an event and a step")
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	for _, t := range []*time.Time{&e.At, &e.From, &e.To, &e.Due} {
		*t = t.UTC().Truncate(time.Second)
	}
	err = l.locked(syscall.LOCK_EX, func(f *os.File, torn int) error {
		if err := l.mend(f, torn); err != nil {
			return err
		}
		if once {
			for _, have := range l.entries {
				if have.Event == e.Event && have.Step == e.Step && have.Again == e.Again {
					written = have
					return nil
				}
			}
		}
		if written, err = l.write(f, e); err != nil {
			return err
		}
		added = true
		return l.takeNext()
	})
	return written, added, err
}

func (l *Log) write(f *os.File, e Entry) (Entry, error) {
	e.Seq, e.Previous = len(l.entries)+1, head(l.entries)
	e, line, err := e.line()
	if err != nil {
		return Entry{}, err
	}
	if _, err := parseEntry(line); err != nil { // a text that is not UTF-8 would not be read again
		return Entry{}, fmt.Errorf("an entry that cannot be kept: %w", err)
	}
	l.entries = append(l.entries, e)
	if err := l.sign(l.nextPath()); err != nil {
		l.entries = l.entries[:len(l.entries)-1]
		return Entry{}, err
	}
	_, err = f.Write(append(line, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err != nil { // a full disk: no half line stays, and nothing of which it is unknown whether it lasts
		l.entries = l.entries[:len(l.entries)-1]
		return Entry{}, errors.Join(fmt.Errorf("writing the purge log: %w", err), l.cut(f))
	}
	l.size += int64(len(line)) + 1
	return e, nil
}

// Entries returns all entries, in their order. ErrTampered where the chain does
// not hold.
func (l *Log) Entries() ([]Entry, error) {
	var entries []Entry
	err := l.locked(syscall.LOCK_SH, func(*os.File, int) error {
		entries = append(entries, l.entries...)
		return nil
	})
	return entries, err
}

// Event returns the entries of one event, in their order.
func (l *Log) Event(event string) ([]Entry, error) {
	all, err := l.Entries()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, e := range all {
		if e.Event == event {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Check reads the log at path and holds it against the checkpoint beside it:
// ErrTampered where it does not hold, another error where it could not be
// continued. It changes nothing: a log that is not there yet is not begun.
func Check(path string, key *crypto.LogKey) error {
	l := &Log{path: path, key: key}
	err := l.locked(syscall.LOCK_SH, func(*os.File, int) error {
		_, err := l.covered()
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		_, err = l.covered() // which tells a log that was removed from one that never was
	}
	return err
}

// Public returns the verifier key of the log's checkpoints.
func (l *Log) Public() string { return l.key.Public() }

// Checkpoint returns a signed note (golang.org/x/mod/sumdb/note) over the log as
// it is now. Its text is three lines: the origin, the number of entries, and the
// hash of the last entry in base64.
func (l *Log) Checkpoint() ([]byte, error) {
	var signed []byte
	err := l.locked(syscall.LOCK_SH, func(*os.File, int) error {
		if _, err := l.covered(); err != nil { // what others wrote is not signed
			return err
		}
		var err error
		signed, err = l.note()
		return err
	})
	return signed, err
}

func (l *Log) note() ([]byte, error) {
	text, err := checkpoint{originOf(l.key.Public()), len(l.entries), head(l.entries)}.text()
	if err != nil {
		return nil, err
	}
	return l.key.Sign(text)
}

// sign keeps a checkpoint over all entries at path.
func (l *Log) sign(path string) error {
	signed, err := l.note()
	if err != nil {
		return err
	}
	if err := replaceFile(path, signed); err != nil {
		return fmt.Errorf("signing the purge log: %w", err)
	}
	return nil
}

// takeNext makes the checkpoint that was signed last the newest one.
func (l *Log) takeNext() error {
	err := os.Rename(l.nextPath(), CheckpointPath(l.path))
	if err == nil {
		err = syncDir(filepath.Dir(l.path))
	}
	if err != nil {
		return fmt.Errorf("keeping the checkpoint of the purge log: %w", err)
	}
	return nil
}

// CheckpointPath returns where the newest checkpoint of the log at path is kept.
func CheckpointPath(path string) string { return path + ".checkpoint" }

// nextPath returns where the checkpoint over an entry is kept until that entry is
// written.
func nextPath(path string) string { return CheckpointPath(path) + ".next" }

func (l *Log) nextPath() string { return nextPath(l.path) }

// readCheckpoints reads both checkpoints beside the log; nil for what is not there.
func readCheckpoints(path string) (newest, next []byte, err error) {
	if newest, err = readIfThere(CheckpointPath(path)); err == nil {
		next, err = readIfThere(nextPath(path))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the checkpoint of the purge log: %w", err)
	}
	return newest, next, nil
}
