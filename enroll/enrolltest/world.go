package enrolltest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// World is a store on a real Redis, with a clock that the test moves.
type World struct {
	Server   *Server
	Redis    redis.UniversalClient
	Store    *store.Store
	Clock    *enroll.Clock
	Keystore *crypto.Keystore
	Master   *crypto.Master
	Dir      string // a temporary folder

	MasterFile []byte // what Master was read from
}

// New returns a world in which it is Monday 30 November 2026, 08:00.
func New(t testing.TB) *World {
	t.Helper()
	server := StartRedis(t)
	dir := t.TempDir()
	file, _, err := crypto.GenerateMaster()
	if err != nil {
		t.Fatal(err)
	}
	master, err := crypto.ParseMaster(file)
	if err != nil {
		t.Fatal(err)
	}
	keystore, err := crypto.OpenKeystore(filepath.Join(dir, "keystore"), master)
	if err != nil {
		t.Fatal(err)
	}
	clock := &enroll.Clock{}
	clock.Move(time.Date(2026, 11, 30, 8, 0, 0, 0, enroll.Amsterdam))
	rdb := server.Client(t)
	return &World{
		Server: server, Redis: rdb, Store: store.New(rdb, keystore, clock),
		Clock: clock, Keystore: keystore, Master: master, Dir: dir, MasterFile: file,
	}
}

// School keeps an invented school.
func (w *World) School(t testing.TB, name string) enroll.School {
	t.Helper()
	school, err := w.Store.PutSchool(context.Background(), enroll.School{
		Name: name, BRIN: "00XX", City: "Utrecht", Address: "Voorbeeldstraat 1", Postcode: "3500 AA", CJPNumber: "123456",
	})
	if err != nil {
		t.Fatal(err)
	}
	return school
}

// Event keeps an event of that school: enrolment opens on Tuesday 1 December at
// nine and closes on Wednesday at noon; the day is Friday 4 December 2026.
func (w *World) Event(t testing.TB, school enroll.School) enroll.Event {
	t.Helper()
	return w.event(t, enroll.Event{School: school.ID, Mode: enroll.FirstCome})
}

// RankingEvent is Event in mode ranking, where each student ranks so many workshops.
func (w *World) RankingEvent(t testing.TB, school enroll.School, length int) enroll.Event {
	t.Helper()
	return w.event(t, enroll.Event{School: school.ID, Mode: enroll.Ranking, RankLength: length})
}

func (w *World) event(t testing.TB, e enroll.Event) enroll.Event {
	t.Helper()
	day := enroll.Date{Year: 2026, Month: time.December, Day: 4}
	e.Title, e.Date = "Cultuurdag", day
	e.OpenAt, e.CloseAt = day.AddDays(-3).At(9, 0), day.AddDays(-2).At(12, 0)
	e, err := w.Store.CreateEvent(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Programme puts a programme of that many workshops, each in each of that many
// rounds, with that many places a session.
func (w *World) Programme(t testing.TB, e enroll.Event, workshops, rounds, capacity int) enroll.Programme {
	t.Helper()
	p := Programme(e.Date, workshops, rounds, capacity)
	p, err := w.Store.PutProgramme(context.Background(), e.ID, p)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Programme returns a programme of that many workshops (w0, w1 …), each in each
// of that many rounds, with that many places a session.
func Programme(day enroll.Date, workshops, rounds, capacity int) enroll.Programme {
	var p enroll.Programme
	for r := range rounds {
		p.Rounds = append(p.Rounds, enroll.Round{Start: day.At(9+2*r, 0), End: day.At(10+2*r, 30)})
	}
	for i := range workshops {
		w := enroll.Workshop{
			ID: fmt.Sprintf("w%d", i), Title: fmt.Sprintf("Workshop %d", i),
			Description: "Een workshop.", Teacher: fmt.Sprintf("Docent %d", i),
		}
		for r := range rounds {
			w.Sessions = append(w.Sessions, enroll.Session{Round: r + 1, Room: fmt.Sprintf("Lokaal %d", i), Capacity: capacity})
		}
		p.Workshops = append(p.Workshops, w)
	}
	return p
}

// Students returns that many invented students in classes of thirty.
func Students(n int) []enroll.Student {
	first := []string{"Zoë", "Finn", "Şeyma", "Łukasz", "Inès", "Bram", "Noor", "Ömer", "Dieuwertje", "Đan"}
	infix := []string{"", "", "van den", "de", "", "van ’t", ""}
	last := []string{"Visser", "Wójcik", "Berg", "Nguyễn", "El Idrissi", "Hof", "D’Angelo", "Jansen", "Çelik", "Dekker", "Smits"}
	students := make([]enroll.Student, n)
	for i := range students {
		year := 1 + i/30%6
		students[i] = enroll.Student{
			Number: fmt.Sprintf("%06d", 120001+i), FirstName: first[i%len(first)], Infix: infix[i%len(infix)],
			LastName: last[i%len(last)], Class: fmt.Sprintf("%d%c", year, 'A'+rune(i/180)), Year: year,
		}
	}
	return students
}

// Enrol hands in a list of n students and returns them with their ids, and
// their codes by id.
func (w *World) Enrol(t testing.TB, event string, n int) ([]enroll.Student, map[string]crypto.Code) {
	t.Helper()
	ctx := context.Background()
	if _, err := w.Store.ApplyList(ctx, event, Students(n), false, false); err != nil {
		t.Fatal(err)
	}
	students, err := w.Store.Students(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	codes, err := w.Store.Codes(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	return students, codes
}
