package web

import (
	"slices"
	"strings"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// fewLeft is from how many seats on a page says that it is going fast.
const fewLeft = 5

// sessionView is a session as one student sees it.
type sessionView struct {
	Workshop, Title string
	Line, More      string // the first sentence of the description, and the rest
	Teacher, Room   string
	Round           int
	Start, End      time.Time
	Capacity, Left  int
	Allowed         bool // open to the student's class
	Chosen          bool // in this round
	Elsewhere       int  // the other round in which the student has this workshop; 0: none
	Cancelled       bool
	By              enroll.By // of a chosen one
	Way             string    // of a chosen one: where its room is
	Wish            int       // of a chosen one: which of the student's wishes; 0: none
	description     string
}

// Full reports whether there is no seat left.
func (v sessionView) Full() bool { return v.Left == 0 }

// Few reports whether it is going fast.
func (v sessionView) Few() bool { return v.Left > 0 && v.Left <= fewLeft }

// Free reports whether the student could take it at this moment.
func (v sessionView) Free() bool { return v.Takeable() && !v.Full() }

// Takeable reports whether the student could take it if there were a seat.
func (v sessionView) Takeable() bool {
	return v.Allowed && !v.Chosen && v.Elsewhere == 0 && !v.Cancelled
}

// Key names the session in live news: w3:2.
func (v sessionView) Key() string {
	return enroll.SessionKey{Workshop: v.Workshop, Round: v.Round}.String()
}

// roundView is a round as one student sees it.
type roundView struct {
	Number     int
	Start, End time.Time
	Choice     *sessionView  // nil: none yet
	Sessions   []sessionView // open to the student's class
	Closed     []sessionView // not open to it
	Change     *changeView   // on a published day: since the student last looked
}

// unpublished returns the view without what the allocation gave: that shows
// when it is published, not before.
func unpublished(view store.StudentView) store.StudentView {
	if view.Event.StateAt(view.Now) == enroll.Published {
		return view
	}
	own := enroll.Choices{}
	for round, choice := range view.Choices {
		if choice.By != enroll.Assigned {
			own[round] = choice
		}
	}
	view.Choices = own
	return view
}

// roundsOf puts a student's view into the order in which pages show it.
func roundsOf(view store.StudentView) []roundView {
	rounds := make([]roundView, len(view.Programme.Rounds))
	for i, r := range view.Programme.Rounds {
		round := roundView{Number: i + 1, Start: r.Start, End: r.End}
		for j, w := range view.Programme.Workshops {
			session, ok := w.Session(round.Number)
			if !ok {
				continue
			}
			key := enroll.SessionKey{Workshop: w.ID, Round: round.Number}
			v := sessionView{
				Workshop: w.ID, Title: w.Title, Teacher: w.Teacher, Room: session.Room, description: w.Description,
				Round: round.Number, Start: r.Start, End: r.End,
				Capacity: session.Capacity, Left: max(0, session.Capacity-view.Taken[key]),
				Allowed:   j < len(view.Mask) && view.Mask[j] == '1',
				Cancelled: slices.Contains(view.Event.Cancelled, key),
			}
			v.Line, v.More = firstSentence(w.Description)
			for n, choice := range view.Choices {
				switch {
				case choice.Workshop != w.ID:
				case n == round.Number:
					v.Chosen, v.By = true, choice.By
				default:
					v.Elsewhere = n
				}
			}
			if v.Chosen {
				chosen := v
				chosen.Way, chosen.Wish = view.Event.Way(view.Programme, v.Room), slices.Index(view.Wishes, v.Workshop)+1
				round.Choice = &chosen
			}
			if v.Allowed || v.Chosen {
				round.Sessions = append(round.Sessions, v)
			} else {
				round.Closed = append(round.Closed, v)
			}
		}
		rounds[i] = round
	}
	return rounds
}

func firstSentence(s string) (first, rest string) {
	s = strings.TrimSpace(s)
	for i, c := range s {
		if (c == '.' || c == '?' || c == '!') && i+1 < len(s) && s[i+1] == ' ' {
			return s[:i+1], strings.TrimSpace(s[i+1:])
		}
	}
	return s, ""
}

// studentJSON is GET /student.
type studentJSON struct {
	Student   studentName    `json:"student"`
	Event     string         `json:"event"`
	Title     string         `json:"title"`
	School    string         `json:"school"`
	Date      enroll.Date    `json:"date"`
	State     enroll.State   `json:"state"`
	Programme int            `json:"programme"`
	OpensAt   time.Time      `json:"opens_at"`
	ClosesAt  time.Time      `json:"closes_at"`
	Mode      enroll.Mode    `json:"mode"`
	Rounds    []studentRound `json:"rounds"`

	// In mode ranking alone: the student's wishes, the dearest first, and how many
	// there have to be.
	Ranking    []string `json:"ranking,omitzero"`
	RankLength *int     `json:"rank_length,omitempty"`
}

type studentName struct {
	FirstName string `json:"first_name"`
	Class     string `json:"class"`
}

type studentRound struct {
	Round    int              `json:"round"`
	Start    time.Time        `json:"start"`
	End      time.Time        `json:"end"`
	Choice   *string          `json:"choice"` // a workshop's id
	Sessions []studentSession `json:"sessions"`
}

type studentSession struct {
	Workshop    string `json:"workshop"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Teacher     string `json:"teacher"`
	Room        string `json:"room"`
	Capacity    int    `json:"capacity"`
	Left        int    `json:"left"`
	Allowed     bool   `json:"allowed"`
}

func studentJSONOf(view store.StudentView) studentJSON {
	view = unpublished(view)
	e := view.Event
	out := studentJSON{
		Student: studentName{view.Student.FirstName, view.Student.Class},
		Event:   e.ID, Title: e.Title, School: view.School.Name, Date: e.Date, State: e.StateAt(view.Now),
		Programme: view.Programme.Version, OpensAt: e.OpenAt, ClosesAt: e.CloseAt,
		Mode: e.Mode, Rounds: []studentRound{},
	}
	if e.Mode == enroll.Ranking {
		length := e.RanksFor(view.Mask)
		out.Ranking, out.RankLength = append([]string{}, view.Wishes...), &length
	}
	for _, r := range roundsOf(view) {
		round := studentRound{Round: r.Number, Start: r.Start, End: r.End, Sessions: []studentSession{}}
		if r.Choice != nil {
			round.Choice = &r.Choice.Workshop
		}
		for _, v := range slices.Concat(r.Sessions, r.Closed) {
			round.Sessions = append(round.Sessions, studentSession{
				v.Workshop, v.Title, v.description, v.Teacher, v.Room, v.Capacity, v.Left, v.Allowed,
			})
		}
		out.Rounds = append(out.Rounds, round)
	}
	return out
}
