package overview

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	ics "github.com/arran4/golang-ical"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Calendar returns one student's day as an iCalendar file (RFC 5545): an entry
// for each round in which they have a place, in UTC, and cancelled where the
// session is. Who imports a newer one has their entries changed, not doubled.
// It is nil where they have no place at all, for a calendar may not be empty.
//
// No name of a student is in it: the file lives on in a telephone after the
// purge. Of in, only Event, Programme, Choices, Cancelled, MadeAt and Locale are
// used; the id of a student is used to tell their entries from those of others.
func Calendar(in Input, student string) ([]byte, error) {
	l := in.Locale
	if l == nil {
		l = locale.Dutch
	}
	// Lines end in CRLF and are folded at 75 octets: RFC 5545, section 3.1.
	cal := ics.NewCalendar()
	cal.SetProductId("-//Cultuurdag//Cultuurdag//NL")
	cal.SetMethod(ics.MethodPublish)
	cal.SetName(oneLine(in.Event.Title))
	general := strings.Split(in.Event.Way(in.Programme, ""), "\n")
	empty := true
	for i, round := range in.Programme.Rounds {
		w, ok := in.Programme.Workshop(in.Choices[student][i+1].Workshop)
		if !ok {
			continue
		}
		empty = false
		session, _ := w.Session(i + 1) // of one that the programme lost, the room is empty
		entry := cal.AddEvent(entryID(in.Event.ID, student, i+1))
		entry.SetDtStampTime(in.MadeAt)
		entry.SetModifiedAt(in.MadeAt) // not before any change: when that was, nobody keeps
		// Applications take the entry with the higher number.
		entry.SetSequence(in.Event.Version + int(in.Event.Revision))
		entry.SetStartAt(round.Start)
		entry.SetEndAt(round.End)
		entry.SetSummary(oneLine(w.Title))
		if where := joined(", ", session.Room, in.Event.Location); where != "" {
			entry.SetLocation(where)
		}
		about := joined("\n", slices.Concat([]string{w.Teacher, l.T("overview.round", "round", i+1)},
			strings.Split(in.Event.Way(in.Programme, session.Room), "\n"), general)...)
		status := ics.ObjectStatusConfirmed
		key := enroll.SessionKey{Workshop: w.ID, Round: i + 1}
		if slices.Contains(in.Event.Cancelled, key) || slices.Contains(in.Cancelled, key) {
			status = ics.ObjectStatusCancelled
			about = l.T("student.schedule.cancelled") + "\n" + about
		}
		entry.SetDescription(about)
		entry.SetStatus(status)
	}
	if empty {
		return nil, nil
	}
	var buf bytes.Buffer
	if err := cal.SerializeTo(&buf, ics.WithNewLineWindows, ics.WithLineLength(75)); err != nil {
		return nil, fmt.Errorf("write calendar: %w", err)
	}
	return buf.Bytes(), nil
}

// entryID names an entry of a calendar all over the world, whatever workshop it
// becomes. It holds a hash of the student's id, from which that cannot be found.
func entryID(event, student string, round int) string {
	sum := sha256.Sum256([]byte(event + "/" + student))
	return fmt.Sprintf("%s-%d-%s@cultuurdag", event, round, hex.EncodeToString(sum[:12]))
}

// joined puts sep between those texts that are not empty.
func joined(sep string, texts ...string) string {
	var kept []string
	for _, text := range texts {
		if text = oneLine(text); text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, sep)
}

// oneLine returns text as valid UTF-8 in one line, without control characters: in
// a calendar these would begin a property of their own, or may not be there.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(text), " ")
}
