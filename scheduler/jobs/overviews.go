package jobs

import (
	"context"
	"fmt"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/scheduler/overview"
)

// overviews makes every list of the event anew and stores them encrypted.
func (r *Runner) overviews(ctx context.Context, e enroll.Event) error {
	// The revision is read first: what changes from here on makes the lists due again.
	choices, revision, err := r.Store.Choices(ctx, e.ID)
	if err != nil {
		return err
	}
	if e, err = r.Store.Event(ctx, e.ID); err != nil {
		return err
	}
	students, err := r.Store.Students(ctx, e.ID)
	if err != nil {
		return err
	}
	programme, err := r.Store.Programme(ctx, e.ID)
	if err != nil {
		return err
	}
	school, err := r.Store.School(ctx, e.School)
	if err != nil {
		return err
	}
	made, err := overview.Make(ctx, overview.Input{
		Provider: r.Provider, School: school, Event: e, Programme: programme,
		Students: students, Choices: choices, Cancelled: e.Cancelled,
		MadeAt: r.Clock.Now(), Locale: locale.Dutch,
	}, nil)
	if err != nil {
		return fmt.Errorf("making overviews: %w", err)
	}
	files := make(map[string][]byte, len(made))
	for _, f := range made {
		files[f.Name+"."+f.Format] = f.Data
	}
	return r.Store.PutFiles(ctx, e.ID, revision, files)
}
