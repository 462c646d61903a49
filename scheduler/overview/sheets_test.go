package overview

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
)

// texts are the texts of all cells of a list's page, and its captions.
func texts(t *testing.T, in Input, name string) []string {
	t.Helper()
	sheets, err := Sheets(in, name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ids := map[string]bool{}
	for _, s := range sheets {
		if s.ID == "" || ids[s.ID] || s.Title == "" {
			t.Errorf("%s: a sheet %q, %q", name, s.ID, s.Title)
		}
		ids[s.ID] = true
		all = append(all, s.Title, s.Note)
		for _, table := range s.Tables {
			all = append(all, table.Caption)
			heads := 0
			for _, c := range table.Columns {
				if c.Head {
					heads++
				}
			}
			if heads != 1 {
				t.Errorf("%s, %s: %d columns name the row", name, s.Title, heads)
			}
			for _, row := range table.Rows {
				if len(row) != len(table.Columns) {
					t.Errorf("%s, %s: %d cells in %d columns", name, s.Title, len(row), len(table.Columns))
				}
				for _, c := range row {
					all = append(all, c.Text, c.Note)
				}
			}
		}
	}
	return all
}

// A page shows who the paper shows.
func TestEveryNameStandsOnEveryPage(t *testing.T) {
	in := bigDay()
	in.Students[0].FirstName = "Noor 🎨"
	for name, want := range map[string]int{"rosters": 1, "student-rosters": 1, "attendance": 2, "teachers": 2, "class-attendance": 1} {
		all := texts(t, in, name)
		for _, s := range in.Students {
			written := s.ListName()
			if name == "student-rosters" {
				written = s.Name() + " · " + s.Class
			}
			n := 0
			for _, text := range all {
				if text == written {
					n++
				}
			}
			if n != want {
				t.Errorf("%s: %q stands there %d times, want %d", name, written, n, want)
			}
		}
		if joined := strings.Join(all, "|"); strings.Contains(joined, "overview.") {
			t.Errorf("%s: a word is missing in %s", name, joined)
		}
	}
	for _, note := range []string{"Er is niemand ingedeeld.", "Deze workshop gaat in deze ronde niet door."} {
		if !slices.Contains(texts(t, in, "attendance"), note) {
			t.Errorf("no %q", note)
		}
	}
	if _, err := Sheets(in, "codes"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("no such list: %v", err)
	}
	if all := texts(t, testDay(0, 0), "rosters"); len(all) != 0 {
		t.Errorf("a day of nobody: %v", all)
	}
}
