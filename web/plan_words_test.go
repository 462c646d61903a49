package web

import (
	"fmt"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/scheduler"
)

// Where every workshop of a round is full, none of them is named.
func TestShortageOfEveryWorkshop(t *testing.T) {
	var p enroll.Programme
	var ids []string
	for i := range 60 {
		id := fmt.Sprintf("w%d", i)
		ids = append(ids, id)
		p.Workshops = append(p.Workshops, enroll.Workshop{ID: id, Title: "Koor " + id, Sessions: []enroll.Session{{Round: 1}}})
	}
	w := planWords{l: locale.For("nl", ""), programme: p}
	s := scheduler.Shortage{Why: scheduler.Full, Round: 1, Rounds: []int{1}, Students: make([]string, 300), Years: []int{1, 2}, Workshops: ids, Places: 280}
	if got, want := w.shortage(s).Text, "Ronde 1: voor 300 leerlingen uit klas 1 en 2 zijn er in alle workshops samen 280 plaatsen."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s.Workshops = ids[:59]
	if got := w.shortage(s).Text; !strings.Contains(got, "Koor w58") {
		t.Errorf("one is not full: %s", got)
	}
}
