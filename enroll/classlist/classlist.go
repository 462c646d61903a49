// Package classlist reads a class list that a school hands in, of whatever kind
// a person would recognise as one, into students and into problems that say
// with row and column what is wrong, all of them at once.
//
// A file goes through three steps, each unaware of the others: its kind is told
// by its content (kind.go), a reader of that kind turns it into grids of cells
// (grid.go; a further kind is a further file), and one interpreter takes the
// students from the grids (table.go).
//
// Every other column than those of Field is dropped here. Nothing is written to
// disk and nothing is logged: problems quote cells, so they are personal too.
package classlist

import (
	"slices"

	"cultuurdag/enroll"
)

// Limits of a list, checked before anything is parsed.
const (
	MaxBytes    = 5 << 20  // of the file
	MaxUnpacked = 16 << 20 // of everything in a zipped file together
	MaxRows     = 5000     // below the heading, blank ones not counted
	MaxColumns  = 100
)

// Field is what a column of a list can hold. list.field.F is its name in the
// message catalogues.
type Field string

// The fields that are read. Full is a whole name in one cell.
const (
	Number Field = "number"
	First  Field = "first"
	Infix  Field = "infix"
	Last   Field = "last"
	Full   Field = "full"
	Class  Field = "class"
	Year   Field = "year"
	Email  Field = "email"
)

// Codes of the problems. The message of a code is list.CODE.
const (
	NotAList        = "not_a_list"
	OldExcel        = "old_excel"
	Locked          = "locked"
	TooLarge        = "too_large"
	Empty           = "empty"
	NoHeading       = "no_heading"
	ColumnMissing   = "column_missing"
	ColumnTwice     = "column_twice"
	ColumnGuessed   = "column_guessed" // a heading that may mean it, taken for want of a better one
	NumberMissing   = "number_missing"
	FirstMissing    = "first_missing"
	LastMissing     = "last_missing"
	ClassMissing    = "class_missing"
	ClassIsDate     = "class_is_date" // Excel makes one of a class like 3-4
	NumberShortened = "number_shortened"
	NumberTwice     = "number_twice"
	BadEmail        = "bad_email"
	TooManyCells    = "too_many_cells"
	QuoteUnclosed   = "quote_unclosed" // of a text file
	LetterLost      = "letter_lost"
	LettersGuessed  = "letters_guessed" // another encoding is about as likely
	NameSplit       = "name_split"
	SameRowTwice    = "same_row_twice"
	ZerosLost       = "zeros_lost"
	MissingStudents = "missing" // made by Missing, not by Read
)

// Problem is one thing that is wrong with a list, or doubtful.
type Problem struct {
	Sheet  string // the sheet's name, "" where only one sheet holds a list
	Row    int    // as the person sees it in Excel; 0: the whole file
	Column string // the heading of the column, or its letter; "" where none
	Code   string
	Fatal  bool  // nothing may be stored
	Args   []any // name/value pairs for the message; Message knows what they mean
}

// Column says which column was taken for a field.
type Column struct {
	Field   Field // "" in List.Headings where it was taken for none
	Heading string
	Letter  string // as in Excel: A, B, … AA
}

// List is what a file held.
type List struct {
	Students []enroll.Student // without ID, in the order of the file; none where a problem is fatal
	Problems []Problem        // all of them, by sheet and row; those of the whole file first
	Columns  []Column         // of the first table that was read, in the order of the fields
	Headings []Column         // all columns with a heading there, to choose from; without a known one, those of the first row
	Encoding string           // one of Encodings, "" where the file is no text
}

// Fatal reports whether a problem forbids storing the list.
func (l List) Fatal() bool {
	return slices.ContainsFunc(l.Problems, func(p Problem) bool { return p.Fatal })
}

// Read reads a list. The kind is told by the content; name, the file's name, is
// only a hint. Whatever the bytes are, it neither panics nor fails otherwise
// than with a fatal problem. E-mail addresses are read where they are there:
// the caller drops them, and the problem bad_email, where none are needed.
func Read(name string, data []byte) List {
	return ReadWith(name, data, Options{})
}

// ReadWith is Read with what a person chose instead of what Read would take.
// List.Columns, Headings and Encoding offer the choice, also where a problem is
// fatal.
func ReadWith(_ string, data []byte, o Options) List {
	grids, encoding, p := readGrids(data, o.Encoding)
	if p != nil {
		return List{Problems: []Problem{*p}, Encoding: encoding}
	}
	list := interpret(grids, newChoices(o))
	list.Encoding = encoding
	return list
}

// Missing is the problem that n students of the list before are not on this one.
func Missing(n int) Problem {
	return Problem{Code: MissingStudents, Args: []any{"n", n}}
}

// refuse returns the problem with which a whole file is turned away.
func refuse(code string, args ...any) *Problem {
	return &Problem{Code: code, Fatal: true, Args: args}
}
