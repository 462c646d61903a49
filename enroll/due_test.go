package enroll

import (
	"strings"
	"testing"
	"time"
)

// midnight returns the first moment of the day after, by the rule of Europe
// (summer time from the last Sunday of March to that of October, at one o'clock
// UTC) and not by the zone's file.
func midnight(d Date) time.Time {
	lastSunday := func(month time.Month) time.Time {
		end := time.Date(d.Year, month, 31, 1, 0, 0, 0, time.UTC)
		return end.AddDate(0, 0, -int(end.Weekday()))
	}
	next := time.Date(d.Year, d.Month, d.Day, 24, 0, 0, 0, time.UTC)
	if summer := next.Add(-2 * time.Hour); !summer.Before(lastSunday(time.March)) && summer.Before(lastSunday(time.October)) {
		return summer
	}
	return next.Add(-time.Hour)
}

// The purge is due at local midnight of the day after the last, not a
// millisecond earlier, on every day from 2026 to 2035, whatever the event lasts
// and in whatever state it is; and the sweep waits for that very moment.
func TestPurgeIsDueAtLocalMidnight(t *testing.T) {
	states := []State{Draft, Open, Closed, Allocated, Published, Cancelled}
	days, changes := 0, 0
	for day := (Date{2026, 1, 1}); day.Year < 2036; day = day.AddDays(1) {
		want := midnight(day)
		if length := want.Sub(midnight(day.AddDays(-1))); length != 24*time.Hour {
			changes++
		}
		for long := range maxDays {
			first := day.AddDays(-long)
			e := Event{
				Date: first, LastDate: day, State: states[(days+long)%len(states)],
				OpenAt: first.AddDays(-3).At(9, 0), CloseAt: first.AddDays(-2).At(12, 0),
			}
			if due := e.PurgeDue(); !due.Equal(want) {
				t.Fatalf("%v to %v: due at %v, want %v", first, day, due, want)
			}
			just := want.Add(-time.Millisecond)
			if step, _, _ := e.Due(just); step == StepPurge || e.Gone(just) {
				t.Fatalf("%v to %v, %s: purged a millisecond early", first, day, e.State)
			}
			if step, since, ok := e.Due(want); !ok || step != StepPurge || !since.Equal(want) || !e.Gone(want) {
				t.Fatalf("%v to %v, %s: at midnight %q is due since %v", first, day, e.State, step, since)
			}
			for _, before := range []time.Duration{time.Nanosecond, time.Hour, 23 * time.Hour} {
				if next, ok := e.NextDue(want.Add(-before)); !ok || next.After(want) || next.Before(want) && before < time.Hour {
					t.Fatalf("%v to %v: %v before midnight the sweep waits for %v", first, day, before, next)
				}
			}
			// Cancelled within its days it goes at the end of that day, cancelled after them at its own.
			e.State = Cancelled
			for _, at := range []time.Time{first.At(0, 0), first.At(23, 59), day.At(12, 0), want} {
				e.CancelledAt = at
				wanted := midnight(DateOf(at))
				if want.Before(wanted) {
					wanted = want
				}
				if due := e.PurgeDue(); !due.Equal(wanted) {
					t.Fatalf("%v to %v, cancelled at %v: due at %v, want %v", first, day, at, due, wanted)
				}
			}
		}
		days++
	}
	if days != 3652 || changes != 20 {
		t.Errorf("%d days, of which %d have not 24 hours", days, changes)
	}
	for _, c := range []struct {
		what string
		day  Date
		long time.Duration // from its own midnight
	}{
		{"the day that summer time begins has 23 hours", Date{2027, 3, 28}, 23 * time.Hour},
		{"the day that it ends has 25", Date{2026, 10, 25}, 25 * time.Hour},
		{"any other has 24", Date{2028, 2, 29}, 24 * time.Hour},
	} {
		if got := (Event{Date: c.day}).PurgeDue().Sub(c.day.At(0, 0)); got != c.long {
			t.Errorf("%s: got %v", c.what, got)
		}
	}
}

// A cancelled event goes the day after it was cancelled, and at the latest at
// its date.
func TestCancelledEventIsDueEarlier(t *testing.T) {
	e := Event{Date: Date{2026, 12, 4}, LastDate: Date{2026, 12, 5}}
	if got := DateOf(e.PurgeDue()); got != (Date{2026, 12, 6}) {
		t.Errorf("two days: due on %v", got)
	}
	e.CancelledAt = Date{2026, 12, 1}.At(23, 59)
	if got := DateOf(e.PurgeDue()); got != (Date{2026, 12, 2}) {
		t.Errorf("cancelled: due on %v", got)
	}
	e.CancelledAt = Date{2026, 12, 20}.At(9, 0)
	if got := DateOf(e.PurgeDue()); got != (Date{2026, 12, 6}) {
		t.Errorf("cancelled afterwards: due on %v", got)
	}
}

// What is due when, and how the state looks to a person at that moment.
func TestWhatIsDue(t *testing.T) {
	day := Date{2026, 12, 4}
	open, shut, late := day.AddDays(-3).At(9, 0), day.AddDays(-2).At(12, 0), day.NextMidnight()
	publish := day.AddDays(-1).At(8, 0)
	e := Event{Date: day, LastDate: day, OpenAt: open, CloseAt: shut, AllocatedAt: shut}
	for _, c := range []struct {
		what    string
		state   State
		listed  int64 // of revision 1
		publish time.Time
		now     time.Time
		step    Step
		seen    State
	}{
		{"a draft, before opening", Draft, 0, time.Time{}, open.Add(-time.Second), "", Draft},
		{"a draft, at opening", Draft, 0, time.Time{}, open, StepOpen, Open},
		{"a draft that nobody opened, at closing", Draft, 0, time.Time{}, shut, StepClose, Closed},
		{"open", Open, 0, time.Time{}, shut.Add(-time.Second), "", Open},
		{"open, at closing", Open, 0, time.Time{}, shut, StepClose, Closed},
		{"closed", Closed, 0, time.Time{}, shut, StepAllocate, Closed},
		{"allocated, without lists", Allocated, 0, time.Time{}, shut, StepOverviews, Allocated},
		{"allocated, with lists", Allocated, 1, time.Time{}, shut, StepPublish, Allocated},
		{"allocated, to be published later", Allocated, 1, publish, shut, "", Allocated},
		{"allocated, at publishing", Allocated, 1, publish, publish, StepPublish, Allocated},
		{"allocated, where lists cannot be made", Allocated, 0, publish, publish.Add(time.Hour), StepPublish, Allocated},
		{"published", Published, 1, publish, publish, "", Published},
		{"published, changed since", Published, 0, publish, publish, StepOverviews, Published},
		{"published, the day after", Published, 1, publish, late, StepPurge, Purging},
		{"a draft that never was held, the day after", Draft, 0, time.Time{}, late, StepPurge, Purging},
		{"cancelled, the day after", Cancelled, 0, time.Time{}, late, StepPurge, Purging},
		{"purging", Purging, 0, time.Time{}, late, StepPurge, Purging},
		{"purging, with the clock set back", Purging, 0, time.Time{}, open, StepPurge, Purging},
		{"purged", Purged, 0, time.Time{}, late, "", Purged},
		{"purged, with the clock set back", Purged, 0, time.Time{}, open, "", Purged},
	} {
		e.State, e.Revision, e.Listed, e.PublishAt = c.state, 1, c.listed, c.publish
		step, _, ok := e.Due(c.now)
		if step != c.step || ok != (c.step != "") {
			t.Errorf("%s: due is %q, want %q", c.what, step, c.step)
		}
		if got := e.StateAt(c.now); got != c.seen {
			t.Errorf("%s: looks %s, want %s", c.what, got, c.seen)
		}
	}
	e.PurgeEarly, e.State = true, Open
	if step, _, _ := e.Due(open); step != StepPurge {
		t.Errorf("asked for early: due is %q", step)
	}
}

// What is wrong with an event that somebody entered, field by field.
func TestCheckEvent(t *testing.T) {
	now := Date{2026, 11, 1}.At(9, 0)
	good := func() Event {
		day := Date{2026, 12, 4}
		return Event{School: "s", Title: "t", Date: day, LastDate: day, Mode: FirstCome, OpenAt: day.AddDays(-3).At(9, 0), CloseAt: day.AddDays(-2).At(9, 0)}
	}
	if err := good().Check(now); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*Event)
		want   string
	}{
		{func(e *Event) { e.Title = " " }, "title required"},
		{func(e *Event) { e.Date, e.LastDate = Date{2026, 10, 1}, Date{} }, "date in_past"},
		{func(e *Event) { e.Title = strings.Repeat("x", 201) }, "title too_much"},
		{func(e *Event) { e.Title = "a\x00b" }, "title bad_character"},
		{func(e *Event) { e.Date, e.LastDate = Date{2062, 12, 4}, Date{} }, "date too_far"},
		{func(e *Event) { e.OpenAt, e.CloseAt = now.Add(-2*time.Hour), now.Add(-time.Hour) }, "close_at in_past"},
		{func(e *Event) { e.OpenAt = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }, "open_at in_past"},
		{func(e *Event) { e.LastDate = Date{2026, 12, 3} }, "last_date before_date"},
		{func(e *Event) { e.LastDate = Date{2999, 1, 1} }, "last_date too_long"},
		{func(e *Event) { e.Mode = "lottery" }, "mode unknown"},
		{func(e *Event) { e.Mode, e.RankLength = Ranking, 21 }, "rank_length out_of_range"},
		{func(e *Event) { e.Mode, e.RankLength = Ranking, -1 }, "rank_length out_of_range"},
		{func(e *Event) { e.CloseAt = e.OpenAt }, "close_at before_open"},
		{func(e *Event) { e.CloseAt = e.Date.AddDays(3).At(9, 0) }, "close_at after_date"},
		{func(e *Event) { e.PublishAt = e.OpenAt }, "publish_at before_close"},
		{func(e *Event) { e.PublishAt = e.Date.AddDays(3).At(9, 0) }, "publish_at after_date"},
	} {
		e := good()
		c.change(&e)
		errs, ok := e.Check(now).(FieldErrors)
		if !ok || len(errs) == 0 || errs[0].Field+" "+errs[0].Code != c.want {
			t.Errorf("want %s, got %v", c.want, errs)
		}
	}
}

// What is wrong with a programme that somebody entered, field by field.
func TestCheckProgramme(t *testing.T) {
	day := Date{2026, 12, 4}
	good := func() Programme {
		return Programme{
			Rounds: []Round{{day.At(9, 0), day.At(10, 0)}, {day.At(10, 0), day.At(11, 0)}},
			Workshops: []Workshop{
				{ID: "a", Title: "A", Teacher: "T", Sessions: []Session{{Round: 1, Room: "R", Capacity: 5}}},
				{ID: "b", Title: "B", Teacher: "U", Sessions: []Session{{Round: 1, Room: "S", Capacity: 5}, {Round: 2, Room: "R", Capacity: 5}}},
			},
		}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*Programme)
		want   string
	}{
		{func(p *Programme) { p.Rounds = nil; p.Workshops = p.Workshops[:0] }, "rounds one_to_four"},
		{func(p *Programme) { p.Rounds[0].Start = time.Time{} }, "rounds[0].start required"},
		{func(p *Programme) { p.Rounds[1].End = time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC) }, "rounds[1].end off_day"},
		{func(p *Programme) { p.Rounds[1].End = day.At(9, 30) }, "rounds[1].end before_start"},
		{func(p *Programme) { p.Rounds[1].Start = day.At(9, 30) }, "rounds[1].start overlaps"},
		{func(p *Programme) { p.Workshops = nil }, "workshops required"},
		{func(p *Programme) { p.Workshops[0].ID = "A b" }, "workshops[0].id bad_id"},
		{func(p *Programme) { p.Workshops[1].ID = "a" }, "workshops[1].id twice"},
		{func(p *Programme) { p.Workshops[0].Title = "" }, "workshops[0].title required"},
		{func(p *Programme) { p.Workshops[0].Description = strings.Repeat("x", 5000) }, "workshops[0].description too_much"},
		{func(p *Programme) { p.Workshops[0].Sessions = nil }, "workshops[0].sessions required"},
		{func(p *Programme) { p.Workshops[0].Sessions[0].Round = 3 }, "workshops[0].sessions[0].round no_round"},
		{func(p *Programme) { p.Workshops[1].Sessions[1].Round = 1 }, "workshops[1].sessions[1].round twice"},
		{func(p *Programme) { p.Workshops[0].Sessions[0].Capacity = 0 }, "workshops[0].sessions[0].capacity out_of_range"},
		{func(p *Programme) { p.Workshops[0].Sessions[0].Minimum = 6 }, "workshops[0].sessions[0].minimum out_of_range"},
		{func(p *Programme) { p.Workshops[1].Sessions[0].Room = " r" }, "workshops[1].sessions[0].room room_twice"},
		{func(p *Programme) { p.Workshops[1].Teacher = "t" }, "workshops[1].teacher teacher_twice"},
	} {
		p := good()
		c.change(&p)
		errs, ok := p.Check().(FieldErrors)
		if !ok || len(errs) == 0 || errs[0].Field+" "+errs[0].Code != c.want {
			t.Errorf("want %s, got %v", c.want, errs)
		}
	}
}
