package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// kept is all that an event has: its key file, and what Redis holds of it. Time
// alone changes none of it, before its deadline.
func (h *house) kept(event string) map[string]string {
	h.t.Helper()
	ctx, rdb := context.Background(), h.redis.Client(h.t)
	all := map[string]string{"key file": string(contentsOf(h, filepath.Join(h.config.Keystore, event+".age")))}
	it := rdb.Scan(ctx, 0, "cd:{"+event+"}:p:*", 1000).Iterator()
	for it.Next(ctx) {
		dump, err := rdb.Dump(ctx, it.Val()).Result()
		h.check(err)
		all[it.Val()] = dump
	}
	h.check(it.Err())
	h.check(rdb.Close())
	return all
}

// differ tells which of what was kept is not as it was.
func differ(before, after map[string]string) (names []string) {
	for name, was := range before {
		if now, ok := after[name]; !ok {
			names = append(names, name+" is gone")
		} else if now != was {
			names = append(names, name+" is another")
		}
	}
	slices.Sort(names)
	return names
}

// answers are what everybody sees, by who they are.
func (e held) answers(h *house, want int, code string) map[string]string {
	h.t.Helper()
	seen := map[string]string{}
	for _, l := range e.looks {
		status, answer := l.ask()
		var problem struct{ Code string }
		if status != http.StatusOK {
			h.check(json.Unmarshal(answer, &problem))
		}
		if status != want || problem.Code != code {
			h.t.Errorf("%s, %s: %d %q, want %d %q", e.Title, l.what, status, problem.Code, want, code)
		}
		seen[l.what] = string(answer)
	}
	return seen
}

// The clock of the program or of Redis jumps, or both do: nothing is destroyed
// early, by the sweep, by its taking over what makes no progress, by a worker, or
// by a restart. While they differ nobody reads anything; then all is as it was.
func TestNeverEarlyWhateverTheClocksSay(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	h := newHouse(t)
	i, other := h.serving("all"), h.serving("web")
	organiser := i.organiser()
	school := organiser.school()
	far := h.hold(organiser, school, func(e *enroll.Event) {
		e.Title, e.Date = "Over twintig maanden", enroll.DateOf(h.clock.Now().AddDate(0, 20, 0))
	}, i, other)
	start := h.clock.Now()
	at := func(program, redis time.Duration) {
		h.clock.Move(start.Add(program))
		h.clock.SkewRedis(redis - program)
	}
	ctx, rdb := t.Context(), h.redis.Client(t)
	cases := 0
	jump := func(what string, program, redis time.Duration, events ...held) {
		kept, seen := map[string]map[string]string{}, map[string]map[string]string{}
		for _, e := range events {
			kept[e.ID], seen[e.ID] = h.kept(e.ID), e.answers(h, http.StatusOK, "")
			// As if its purge had been due in vain for an hour: the sweep takes it itself.
			h.check(rdb.HSet(ctx, "cd:{"+e.ID+"}:k:steps", "purge", time.Now().Add(-time.Hour).UnixMilli()).Err())
		}
		at(program, redis)
		for _, one := range []*instance{i, other} {
			if _, err := one.sweep.Once(ctx); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if err := one.purger.Replay(ctx); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		for _, e := range events {
			if err := i.purger.Run(ctx, e.ID); err == nil {
				t.Errorf("%s: %s is purged", what, e.Title)
			}
			if (program - redis).Abs() > store.MaxClockSkew {
				e.answers(h, http.StatusServiceUnavailable, "clock")
			} else {
				e.answers(h, http.StatusOK, "")
			}
			if lost := differ(kept[e.ID], h.kept(e.ID)); len(lost) > 0 {
				t.Fatalf("%s: of %s %v", what, e.Title, lost)
			}
		}
		at(0, 0)
		for _, e := range events {
			for who, now := range e.answers(h, http.StatusOK, "") {
				if now != seen[e.ID][who] {
					t.Errorf("%s: once they agree, %s sees\n%s\nand saw\n%s", what, who, now, seen[e.ID][who])
				}
			}
			if entries, err := i.purgeLog.Event(e.ID); err != nil || len(entries) > 0 {
				t.Fatalf("%s: of %s the purge log has %v, %v", what, e.Title, entries, err)
			}
		}
		cases++
	}
	jumps := []time.Duration{time.Second, -time.Second, time.Hour, -time.Hour, day, -day, year, -year}
	// That both are wrong alike cannot be told from time passing: it may not reach the deadline.
	for _, d := range jumps {
		jump(fmt.Sprintf("both clocks by %v", d), d, d, far)
	}
	near := h.hold(organiser, school, func(e *enroll.Event) {
		e.Title, e.Date = "Vandaag", enroll.DateOf(start)
		e.OpenAt, e.CloseAt = start.Add(-time.Hour), start.Add(10*time.Hour)
	}, i, other)
	i.sweep.Kick()
	i.becomes(near.ID, enroll.Open)
	for _, d := range jumps {
		jump(fmt.Sprintf("the program's clock by %v", d), d, 0, near, far)
		jump(fmt.Sprintf("Redis's clock by %v", d), 0, d, near, far)
		jump(fmt.Sprintf("the clocks by %v, each its own way", d), d, -d, near, far)
	}
	t.Logf("%d jumps, with one event or two, two instances, and four people who look at each", cases)
	if t.Failed() {
		return
	}

	// It comes to be due by agreed time; then the clocks go back together.
	keptFar := h.kept(far.ID)
	i.stop()
	other.stop()
	other = h.serving("web") // without a worker: its purge is only queued
	near.looks, far.looks = nil, nil
	for _, e := range []*held{&near, &far} {
		staff := organiser.at(other)
		e.looks = []look{{"staff", func() (int, []byte) { return staff.ask(http.MethodGet, "/events/"+e.ID+"/students", nil) }}}
	}
	h.check(rdb.Del(ctx, "cd:{"+near.ID+"}:k:steps").Err())
	h.clock.Move(near.PurgeDue())
	near.answers(h, http.StatusGone, "purged")
	for _, back := range []time.Duration{time.Second, time.Hour, day, year} {
		h.clock.Move(near.PurgeDue().Add(-back))
		near.answers(h, http.StatusGone, "purged")
		if state := other.state(near.ID); state != enroll.Purging {
			t.Errorf("with the clocks %v back, it is %s", back, state)
		}
		if has, err := other.keystore.Has(near.ID); err != nil || !has {
			t.Fatalf("its key: %v, %v", has, err)
		}
	}
	far.answers(h, http.StatusOK, "")
	// Its purge needs no clock any more.
	i = h.serving("all")
	i.becomes(near.ID, enroll.Purged)
	far.answers(h, http.StatusOK, "")
	if lost := differ(keptFar, h.kept(far.ID)); len(lost) > 0 {
		t.Errorf("of %s %v", far.Title, lost)
	}
	if names, err := filepath.Glob(filepath.Join(h.config.Keystore, near.ID+"*")); err != nil || len(names) > 0 {
		t.Errorf("its key files: %v, %v", names, err)
	}
	if _, err := os.Stat(filepath.Join(h.config.Keystore, far.ID+".age")); err != nil {
		t.Error(err)
	}
	if bytes.Contains(h.out.Bytes(), []byte("panicked")) || strings.Contains(string(h.out.Bytes()), `"status":500`) {
		t.Errorf("the program said\n%s", h.out.Bytes())
	}
}
