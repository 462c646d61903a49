package overview

import (
	"context"
	"fmt"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Input is all that the lists of one event are made from. It is not changed.
type Input struct {
	Provider  enroll.Provider
	School    enroll.School
	Event     enroll.Event
	Programme enroll.Programme
	Students  []enroll.Student
	Choices   map[string]enroll.Choices // student id -> round -> place
	Cancelled []enroll.SessionKey       // beside those in Event
	MadeAt    time.Time                 // stands in every footer
	Locale    *locale.Locale            // nil: Dutch
}

// File is one list in one format. Data is full of personal data: seal it
// before it is stored.
type File struct {
	Name   string // one of Names
	Format string // one of Formats
	Data   []byte
}

// Names are the lists that there are.
var Names = []string{"rosters", "student-rosters", "attendance", "teachers", "class-attendance"}

// Formats are the formats that each list comes in.
var Formats = []string{"pdf", "xlsx", "csv"}

// The lists by name, in the formats of Formats.
var makers = map[string]map[string]func(context.Context, *day) ([]byte, error){
	"rosters":          {"pdf": rostersPDF, "xlsx": rostersXLSX, "csv": rostersCSV},
	"student-rosters":  {"pdf": studentRostersPDF, "xlsx": studentRostersXLSX, "csv": studentRostersCSV},
	"attendance":       {"pdf": attendancePDF, "xlsx": attendanceXLSX, "csv": attendanceCSV},
	"teachers":         {"pdf": teachersPDF, "xlsx": teachersXLSX, "csv": teachersCSV},
	"class-attendance": {"pdf": classAttendancePDF, "xlsx": classAttendanceXLSX, "csv": classAttendanceCSV},
}

// Make makes every list in every format, in the order of Names and Formats.
// After each file it tells progress, where that is not nil, how many of all
// files are done. It stops with ctx's error once ctx is done.
func Make(ctx context.Context, in Input, progress func(done, total int)) ([]File, error) {
	d := newDay(in)
	total := len(Names) * len(Formats)
	files := make([]File, 0, total)
	for _, name := range Names {
		for _, format := range Formats {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("make overviews: %w", err)
			}
			data, err := makers[name][format](ctx, d)
			if err != nil {
				return nil, fmt.Errorf("make %s.%s: %w", name, format, err)
			}
			files = append(files, File{Name: name, Format: format, Data: data})
			if progress != nil {
				progress(len(files), total)
			}
		}
	}
	return files, nil
}
