package overview

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"cultuurdag/enroll"
)

// snapshot is what lists said: who was where, by opaque ids. It holds no name,
// only whether one was changed since can be told from it.
type snapshot struct {
	Head     string                     `json:"head"` // of every sheet: what day, where, which school
	Rounds   []span                     `json:"rounds"`
	Sessions map[string]snapshotSession `json:"sessions"` // by session.key
	Students map[string]snapshotStudent `json:"students"` // by id
}

type span struct{ Start, End time.Time }

type snapshotSession struct {
	Round     int    `json:"round"`
	Title     string `json:"title"` // "": without a place
	Room      string `json:"room"`
	Teacher   string `json:"teacher"`
	Cancelled bool   `json:"cancelled,omitempty"`
}

type snapshotStudent struct {
	Class  string   `json:"class"`
	Name   string   `json:"name"`   // nameMark
	Places []string `json:"places"` // a session.key for each round
}

// Snapshot returns what Compare needs to know later of the lists that Make makes
// of in. Students are in it by id alone.
func Snapshot(in Input) ([]byte, error) {
	data, err := json.Marshal(newDay(in).snapshot())
	if err != nil {
		return nil, fmt.Errorf("snapshot of lists: %w", err)
	}
	return data, nil
}

func (d *day) snapshot() snapshot {
	was := snapshot{Head: d.headText(), Sessions: map[string]snapshotSession{}, Students: map[string]snapshotStudent{}}
	for _, r := range d.Programme.Rounds {
		was.Rounds = append(was.Rounds, span{r.Start, r.End})
	}
	for _, x := range d.sessions {
		was.Sessions[x.key()] = snapshotSession{x.Round, x.workshop.Title, x.Room, x.workshop.Teacher, x.cancelled}
	}
	for _, p := range d.students {
		s := snapshotStudent{Class: p.Class, Name: nameMark(p.Student)}
		for _, place := range p.places {
			s.Places = append(s.Places, place.key())
		}
		was.Students[p.ID] = s
	}
	return was
}

// headText is what stands at the top of every sheet.
func (d *day) headText() string {
	return join(" · ", d.Event.Title, d.School.Name, d.Event.Date.String(), d.last().String(), d.Event.Location)
}

// key names a session: w3:2, or :2 for those without a place in round 2.
func (s *session) key() string { return fmt.Sprintf("%s:%d", s.workshop.ID, s.Round) }

// nameMark changes when the student's name does, and tells nothing of it: four
// bytes, with the random id beside the name.
func nameMark(s enroll.Student) string {
	sum := sha256.Sum256([]byte(s.ID + "\n" + s.FirstName + "\n" + s.Infix + "\n" + s.LastName))
	return hex.EncodeToString(sum[:4])
}
