package jobs

import (
	"context"
	"errors"
	"fmt"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// overviews makes every list of the event anew and stores them encrypted. How
// far it is, and that it failed, stands in the store for people to see.
func (r *Runner) overviews(ctx context.Context, e enroll.Event) error {
	err := r.makeOverviews(ctx, e)
	for range 5 { // somebody may be erased meanwhile
		if !errors.Is(err, enroll.ErrConflict) {
			break
		}
		err = r.makeOverviews(ctx, e)
	}
	if err != nil {
		err = errors.Join(err, r.Store.Failed(context.WithoutCancel(ctx), e.ID, enroll.StepOverviews))
	}
	return err
}

func (r *Runner) makeOverviews(ctx context.Context, e enroll.Event) error {
	progress := func(done, total int) {
		if err := r.Store.Progress(ctx, e.ID, enroll.StepOverviews, done, total); err != nil {
			r.Logger.Warn("progress of lists", "event", e.ID, "err", err) // which are made all the same
		}
	}
	progress(0, len(overview.Names)*len(overview.Formats))
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
	in := overview.Input{
		Provider: r.Provider, School: school, Event: e, Programme: programme,
		Students: students, Choices: choices, Cancelled: e.Cancelled,
		MadeAt: r.Clock.Now(), Locale: locale.Dutch,
	}
	made, err := overview.Make(ctx, in, progress)
	if err != nil {
		return fmt.Errorf("making overviews: %w", err)
	}
	files := make(map[string][]byte, len(made)+1)
	if files[store.Snapshot], err = overview.Snapshot(in); err != nil {
		return err
	}
	for _, f := range made {
		files[f.Name+"."+f.Format] = f.Data
	}
	return r.Store.PutFiles(ctx, e.ID, revision, e.Erased, files)
}
