package purge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// flock locks an open file against other processes and other openings of it in
// this one; closing the file unlocks it, and so does the end of the process.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// lock makes sure that one purger at a time is at work on the event, of all
// processes that share the log. It waits for another one, until ctx is done.
func (p *Purger) lock(ctx context.Context, event string) (unlock func() error, err error) {
	dir := p.Log.path + ".locks"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, logError{fmt.Errorf("folder of locks: %w", err)}
	}
	// The file stays, empty: one that is removed could be locked twice, once under
	// its name and once by whoever had it open before.
	f, err := os.OpenFile(filepath.Join(dir, event), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, logError{fmt.Errorf("lock of an event: %w", err)}
	}
	for {
		err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock of an event: %w", err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for another purger: %w", ctx.Err()), f.Close())
		case <-time.After(20 * time.Millisecond): // a lock of another process wakes nobody here
		}
	}
}
