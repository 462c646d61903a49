package web

import (
	"context"

	"cultuurdag/enroll"
)

// chosen is what the students of an event have chosen so far.
type chosen struct {
	event     enroll.Event
	programme enroll.Programme
	choices   map[string]enroll.Choices
	wishes    map[string][]string // in mode ranking, else nil
}

// readChosen reads it. Two round trips, three in mode ranking.
func (s *Server) readChosen(ctx context.Context, e enroll.Event) (c chosen, err error) {
	c.event = e
	if c.programme, err = s.store.Programme(ctx, e.ID); err != nil {
		return c, err
	}
	if c.choices, _, err = s.store.Choices(ctx, e.ID); err != nil || e.Mode != enroll.Ranking {
		return c, err
	}
	c.wishes, err = s.store.Wishes(ctx, e.ID)
	return c, err
}

// far tells how far the student is.
func (c chosen) far(st enroll.Student) enroll.Progress {
	return c.event.ProgressOf(c.programme, st, c.choices[st.ID], c.wishes[st.ID])
}

// complete reports whether nothing is left to choose for the student.
func (c chosen) complete(st enroll.Student) bool { return c.far(st) == enroll.ProgressComplete }

// ranked is how many of the workshops that a student has to rank are ranked;
// the zero ranked is of an event in which nothing is.
type ranked struct{ Has, Of int }

func (c chosen) ranked(st enroll.Student) ranked {
	mask := c.programme.Mask(st.Class, st.Year)
	return ranked{len(c.programme.Wishable(mask, c.wishes[st.ID])), c.event.RanksFor(mask)}
}

// wishedTitles returns the student's wishes that count, as titles.
func (c chosen) wishedTitles(st enroll.Student) []string {
	var titles []string
	for _, id := range c.programme.Wishable(c.programme.Mask(st.Class, st.Year), c.wishes[st.ID]) {
		w, _ := c.programme.Workshop(id)
		titles = append(titles, w.Title)
	}
	return titles
}

// wishProgress is how dear a workshop is to students.
type wishProgress struct {
	Workshop string `json:"workshop"`
	First    int    `json:"first"`  // whose first wish it is
	Wished   int    `json:"wished"` // on whose list it stands
	title    string
	places   int // in all rounds together
}

// Title and Places are for the page.
func (w wishProgress) Title() string { return w.title }

// Places are those of all rounds together.
func (w wishProgress) Places() int { return w.places }

// wishedMost counts the wishes for each workshop; nil where nothing is ranked.
func (c chosen) wishedMost(students []enroll.Student) []wishProgress {
	if c.event.Mode != enroll.Ranking {
		return nil
	}
	rows := make([]wishProgress, len(c.programme.Workshops))
	at := map[string]int{}
	for i, w := range c.programme.Workshops {
		at[w.ID] = i
		rows[i] = wishProgress{Workshop: w.ID, title: w.Title}
		for _, session := range w.Sessions {
			rows[i].places += session.Capacity
		}
	}
	for _, st := range students {
		for n, id := range c.programme.Wishable(c.programme.Mask(st.Class, st.Year), c.wishes[st.ID]) {
			rows[at[id]].Wished++
			if n == 0 {
				rows[at[id]].First++
			}
		}
	}
	return rows
}
