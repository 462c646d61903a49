package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
)

// withApp opens what the settings name and puts the program together, without
// serving.
func (c *Config) withApp(io *streams, do func(a *app) error) error {
	p, closeAll, err := c.open(io.err)
	if err != nil {
		return err
	}
	defer closeAll()
	p.web, p.worker = false, false
	a, err := newApp(p)
	if err != nil {
		return err
	}
	return do(a)
}

// PurgeStatusCommand prints what is due, done and overdue.
type PurgeStatusCommand struct {
	Config `embed:"" prefix:"set-"`
}

// Run prints a line for each event; it fails where one is overdue.
func (c *PurgeStatusCommand) Run(ctx context.Context, io *streams) error {
	return c.withApp(io, func(a *app) error {
		all, err := a.purger.Status(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "EVENT\tDUE\tSTATE\tNEXT STEP\tTROUBLE\tTITLE")
		late := 0
		for _, s := range all {
			trouble := ""
			if s.Trouble != nil {
				trouble = s.Trouble.Code
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Event, dateTime(s.Due), s.State, s.Next, trouble, s.Title)
			if s.State == purge.Overdue {
				late++
			}
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if late > 0 {
			return fmt.Errorf("%d overdue", late)
		}
		return nil
	})
}

// PurgeRunCommand runs a purge that is due now.
type PurgeRunCommand struct {
	Config `embed:"" prefix:"set-"`
	Event  string `required:"" help:"The event's id."`
}

// Run purges the event, or says why not.
func (c *PurgeRunCommand) Run(ctx context.Context, io *streams) error {
	return c.withApp(io, func(a *app) error {
		e, err := a.store.Event(ctx, c.Event)
		if errors.Is(err, enroll.ErrNotFound) {
			return fmt.Errorf("there is no event %s", c.Event)
		}
		if err != nil {
			return err
		}
		if !e.Gone(a.clock.Now()) {
			return fmt.Errorf("the purge of event %s is due on %s; an organiser or contact can have it done earlier on its page", c.Event, dateTime(e.PurgeDue()))
		}
		if err := a.purger.Run(ctx, c.Event); err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "event %s is purged\n", c.Event)
		return err
	})
}

// PurgeLogExportCommand prints the purge log.
type PurgeLogExportCommand struct {
	PurgeLog string `env:"CULTUURDAG_PURGE_LOG" required:"" help:"The file of the purge log."`
}

// Run copies the log to standard output, line by line as it is.
func (c *PurgeLogExportCommand) Run(streams *streams) error {
	file, err := os.Open(c.PurgeLog)
	if err != nil {
		return cannotRead(c.PurgeLog, err)
	}
	defer file.Close()
	_, err = io.Copy(streams.out, file)
	return err
}

// PurgeLogVerifyCommand checks the purge log.
type PurgeLogVerifyCommand struct {
	PurgeLog    string   `env:"CULTUURDAG_PURGE_LOG" help:"The file of the purge log."`
	PurgeLogKey string   `env:"CULTUURDAG_PURGE_LOG_KEY" help:"The key that signs it, for its public part."`
	Key         string   `placeholder:"K" help:"The public key that checks it, as keygen printed it; else that of the key file."`
	Files       []string `arg:"" optional:"" name:"FILE" help:"Checkpoints that the log must agree with, such as the one that a school received; a log itself, as export printed it, is checked in place of the server's own."`
}

// Run fails unless the chain holds, agrees with every checkpoint (the one beside
// the log and those of the command line), and has no entry that nobody signed. So
// a log without any checkpoint fails.
func (c *PurgeLogVerifyCommand) Run(io *streams) error {
	log, checkpoints, err := c.read()
	if err != nil {
		return err
	}
	public := c.Key
	if public == "" {
		key, err := crypto.LoadLogKey(c.PurgeLogKey)
		if err != nil {
			return fmt.Errorf("neither --key nor a key file: %w", err)
		}
		public = key.Public()
	}
	agreed := len(checkpoints)
	_, err = os.Stat(purge.CheckpointPath(log))
	switch {
	case err == nil:
		agreed++
		err = purge.VerifyFile(log, public, checkpoints...)
	case log == c.PurgeLog:
		return cannotRead(purge.CheckpointPath(log), err)
	case agreed == 0:
		return fmt.Errorf("%s: nothing shows that this log is whole: name a checkpoint too", log)
	default:
		err = verifyAlone(log, public, checkpoints)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return cannotRead(log, err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "the log is whole and agrees with %d checkpoints\n", agreed)
	return err
}

// read returns the path of the log to verify and the checkpoints to hold it
// against. A line of a log begins with a brace, a checkpoint with a name.
func (c *PurgeLogVerifyCommand) read() (log string, checkpoints [][]byte, err error) {
	log = c.PurgeLog
	for _, name := range c.Files {
		data, err := os.ReadFile(name)
		switch {
		case err != nil:
			return "", nil, cannotRead(name, err)
		case !bytes.HasPrefix(data, []byte("{")):
			checkpoints = append(checkpoints, data)
		case log != c.PurgeLog:
			return "", nil, fmt.Errorf("%s and %s are logs: name one", log, name)
		default:
			log = name
		}
	}
	if log == "" {
		return "", nil, setting("PURGE_LOG", errMissing)
	}
	return log, checkpoints, nil
}

// verifyAlone verifies a log that has no checkpoint beside it.
func verifyAlone(log, public string, checkpoints [][]byte) error {
	file, err := os.Open(log)
	if err != nil {
		return err
	}
	defer file.Close()
	return purge.Verify(file, public, checkpoints...)
}
