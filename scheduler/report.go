package scheduler

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Solution is a plan with the report on it.
type Solution struct {
	// Places holds for each student id the workshop ids in the order of the
	// rounds; "" (null in JSON) where no place could be found.
	Places map[string][]string
	// Cancelled are the sessions with a minimum that nobody is in, by workshop
	// in the order of the instance, then by round.
	Cancelled []SessionKey
	Report    Report
}

// SessionKey names a session; in JSON it is ["w3", 2].
type SessionKey struct {
	Workshop string
	Round    int // counts from 1
}

// Report tells how good a plan is, and how that is known. Costs are those of
// the instance, see Costs.
type Report struct {
	Unplaced  int   `json:"unplaced"`  // missing places
	Objective int   `json:"objective"` // what the plan costs, fixed places included
	Bound     int   `json:"bound"`     // no plan costs less
	Gap       int   `json:"gap"`       // Objective - Bound
	Proven    bool  `json:"proven"`    // Gap is 0: it cannot be done better
	Ranks     []int `json:"ranks"`     // [n]: places that are somebody's wish n+1
	Unranked  int   `json:"unranked"`  // places of students who wished, at none of their wishes
	Obtained  []int `json:"obtained"`  // [k]: students who wished and have k of their wishes

	Seed    int64   `json:"seed"`
	Seconds float64 `json:"seconds"`

	ShadowPrices []ShadowPrice `json:"shadow_prices"`   // by workshop, then round; those that are not 0
	Blocked      []Blocked     `json:"blocked"`         // every missing place, by student, then round
	Short        []SessionKey  `json:"short"`           // sessions below their minimum that fixed places keep from being cancelled
	Proof        []Case        `json:"proof,omitempty"` // where ShadowPrices alone prove less than Bound

	Shortages []Shortage `json:"shortages,omitempty"` // what the missing places come of, see Shortages
	Replanned *Replanned `json:"replanned,omitempty"` // of a plan by Replan alone
}

// Case is a part of a proof by cases: the prices bound the cost of the plans
// that keep to its decisions, and the decisions of all cases make up a binary
// tree, so that every plan belongs to one. Bound is the smallest of the cases'
// bounds, or Objective where that is smaller.
type Case struct {
	Decisions    []Decision    `json:"decisions"`
	ShadowPrices []ShadowPrice `json:"shadow_prices"`
}

// Decision says whether a session runs, with its minimum at least, or is
// cancelled; where it names a student, whether that student is in the session.
type Decision struct {
	Workshop string `json:"workshop"`
	Round    int    `json:"round"`
	Student  string `json:"student,omitempty"`
	Yes      bool   `json:"yes"`
}

// ShadowPrice is what one more place in a session is worth: a multiple of
// 1/1024, so that a float64 holds it exactly. It is negative where a session
// is kept from falling below its minimum by places that are fixed in it.
//
// Together the prices prove a bound: no plan costs less than the sum over
// students of their cheapest schedule when every place costs its price on top,
// less each price times the capacity of its session; where the price is
// negative, times its minimum, or what is in it where it is Short of that.
type ShadowPrice struct {
	Workshop string  `json:"workshop"`
	Round    int     `json:"round"`
	Price    float64 `json:"price"`
}

// Blocked is a place that could not be given.
type Blocked struct {
	Student string `json:"student"`
	Round   int    `json:"round"`
	Why     Why    `json:"why"`
}

// Why is a stable code for what stood in the way of a place.
type Why string

// The reasons why a place is missing, from the most to the least final.
const (
	NoSession Why = "no_session" // no session of the round is open to the student
	Repeat    Why = "repeat"     // each that is open is a workshop that the student has in another round
	Cancelled Why = "cancelled"  // the others that are open stayed below their minimum
	Full      Why = "full"       // the others that are open are full
)

// MarshalJSON writes the key as ["w3", 2].
func (k SessionKey) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{k.Workshop, k.Round}) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (k *SessionKey) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if len(parts) != 2 {
		return fmt.Errorf("session: %d parts, not a workshop and a round", len(parts))
	}
	if err := json.Unmarshal(parts[0], &k.Workshop); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if err := json.Unmarshal(parts[1], &k.Round); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	return nil
}

type solutionJSON struct {
	Places    map[string][]*string `json:"places"`
	Cancelled []SessionKey         `json:"cancelled"`
	Report    Report               `json:"report"`
}

// MarshalJSON writes the offline form: a missing place is null.
func (s Solution) MarshalJSON() ([]byte, error) {
	out := solutionJSON{make(map[string][]*string, len(s.Places)), slices.Clone(s.Cancelled), s.Report}
	if out.Cancelled == nil {
		out.Cancelled = []SessionKey{}
	}
	for id, places := range s.Places {
		row := make([]*string, len(places))
		for r := range places {
			if places[r] != "" {
				row[r] = &places[r]
			}
		}
		out.Places[id] = row
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Solution) UnmarshalJSON(b []byte) error {
	var in solutionJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	*s = Solution{make(map[string][]string, len(in.Places)), in.Cancelled, in.Report}
	for id, places := range in.Places {
		row := make([]string, len(places))
		for r, w := range places {
			if w != nil {
				row[r] = *w
			}
		}
		s.Places[id] = row
	}
	return nil
}
