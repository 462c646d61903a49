package classlist

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean returns what a person sees in a cell: NFC, every space a plain one and
// single, no marks that only steer the direction of text or hide in it. The
// joiner within emoji and the non-joiner of Persian names stay.
func clean(cell string) string {
	cell = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case r == '\u00AD', r == '\u200B', r == '\u2060', r == '\uFEFF', unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(cell, "\uFFFD"))
	return norm.NFC.String(strings.Join(strings.Fields(cell), " "))
}

// infixes are the words that tussenvoegsels are made of, after table 36 of the
// Dutch register of persons and the ways in which lists shorten them.
var infixes = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(`’n ’s ’t aan aen af al am an auf aus ben bij bin bon boven da dal dalla
		das de degli dei del dela dell della dem den der des deze di die do don dos du el het i im in la las le les lo los
		of onder op over s t te ten ter thoe tho thor to toe tot uijt uit uyt van vande vanden vander ver vom von voor vor
		zu zum zur d’ l’ v. v/d v.d v.d. vd v/der v.der d. v`) {
		words[w] = true
	}
	return words
}()

// everCapital are those that are no part of a first name even with a capital.
var everCapital = map[string]bool{"van": true, "de": true, "den": true, "der": true, "ter": true, "ten": true, "het": true, "’t": true}

// suffixes stand behind a name with a comma and are no first name.
var suffixes = map[string]bool{"jr": true, "jr.": true, "sr": true, "sr.": true, "ii": true, "iii": true}

var apostrophes = strings.NewReplacer("'", "’", "`", "’", "´", "’", "‘", "’", "‛", "’")

// isInfix reports whether a word is one of a tussenvoegsel, in lower case.
func isInfix(word string) bool {
	return infixes[apostrophes.Replace(word)]
}

// areInfixes is isInfix for several words, also with capitals.
func areInfixes(words []string) bool {
	for _, w := range words {
		if !isInfix(strings.ToLower(w)) {
			return false
		}
	}
	return len(words) > 0
}

// leading returns how many of the first words are a tussenvoegsel. One word remains.
func leading(words []string) int {
	n := 0
	for n < len(words)-1 && isInfix(words[n]) {
		n++
	}
	return n
}

// name is a student's name in its three parts.
type name struct{ first, infix, last string }

// tidy moves a tussenvoegsel from the last name to where it belongs, from its
// front in lower case (El Idrissi stays) or from behind a comma, and gives it
// its apostrophe.
func (n name) tidy() name {
	n.infix = apostrophes.Replace(n.infix)
	if last, behind, ok := cutLast(n.last); ok && areInfixes(strings.Fields(behind)) {
		n = n.move(strings.TrimSpace(behind), strings.TrimSpace(last))
	}
	words := strings.Fields(n.last)
	if i := leading(words); i > 0 {
		n = n.move(strings.Join(words[:i], " "), strings.Join(words[i:], " "))
	}
	return n
}

// cutLast cuts a last name with its tussenvoegsel behind it: Berg, van den.
func cutLast(s string) (last, behind string, ok bool) {
	i := strings.LastIndexAny(s, ",;")
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// move sets the last name and adds a tussenvoegsel, which some lists give twice.
func (n name) move(infix, last string) name {
	infix = apostrophes.Replace(infix)
	if !strings.EqualFold(n.infix, infix) {
		n.infix = strings.TrimSpace(n.infix + " " + infix)
	}
	n.last = last
	return n
}

// splitName splits a full name. With a comma the last name stands left of it
// and known tussenvoegsels at the end of the right part belong to it; without,
// it is the first word, the longest run of tussenvoegsels, and the rest, which
// may be wrong. So may be a further comma, and a tussenvoegsel with a capital,
// which may be part of the first name.
func splitName(full string) (n name, sure bool) {
	last, right, comma := strings.Cut(full, ",")
	if !comma {
		words := strings.Fields(full)
		if len(words) == 0 {
			return name{}, true
		}
		n.first = words[0]
		words = words[1:]
		i := leading(words)
		n.infix, n.last = strings.Join(words[:i], " "), strings.Join(words[i:], " ")
		return n.tidy(), false
	}
	n.last = strings.TrimSpace(last)
	// Boer, de, Frank
	if middle, first, ok := strings.Cut(right, ","); ok && areInfixes(strings.Fields(middle)) {
		n.infix, right = strings.TrimSpace(middle), first
	}
	sure = !strings.Contains(right, ",")
	words := strings.Fields(strings.ReplaceAll(right, ",", " "))
	i := len(words)
	for i > 1 && (isInfix(words[i-1]) || everCapital[apostrophes.Replace(strings.ToLower(words[i-1]))]) {
		i--
		sure = sure && isInfix(words[i])
	}
	n.first = strings.Join(words[:i], " ")
	n.infix = strings.TrimSpace(n.infix + " " + strings.Join(words[i:], " "))
	if r, _ := utf8.DecodeRuneInString(n.first); unicode.IsLower(r) || suffixes[strings.ToLower(n.first)] {
		sure = false // Anna Berg, jr.
	}
	// Boer de, Frank
	if words = strings.Fields(n.last); n.infix == "" && !strings.Contains(n.last, ";") {
		i = len(words)
		for i > 1 && isInfix(words[i-1]) {
			i--
		}
		n.infix, n.last = strings.Join(words[i:], " "), strings.Join(words[:i], " ")
	}
	return n.tidy(), sure
}

// lostLetter reports whether a letter was lost when the cell was saved.
func lostLetter(cell string) bool { return strings.ContainsAny(cell, "?\uFFFD") }

var (
	pointZero  = regexp.MustCompile(`^([0-9]+)[.,]00?$`)
	asFormula  = regexp.MustCompile(`^="(.*)"$`) // keeps Excel from taking it for a number
	wholeFloat = regexp.MustCompile(`^([1-9])\.([0-9]+)E([0-9]{1,2})$`)
	shortened  = regexp.MustCompile(`^([0-9]+([.,][0-9]+)?[eE]\+[0-9]+|#{2,})$`)
)

// number returns a cell with a number as text: leading zeros stay, .0 goes. The
// exponent without a sign, with which some programs write whole numbers to a
// workbook, is written out; that of Excel says that digits are gone.
func number(cell string) string {
	if m := asFormula.FindStringSubmatch(cell); m != nil {
		cell = m[1]
	}
	cell = strings.TrimPrefix(cell, "'")
	if m := pointZero.FindStringSubmatch(cell); m != nil {
		return m[1]
	}
	if m := wholeFloat.FindStringSubmatch(cell); m != nil {
		exponent := int(m[3][0] - '0')
		if len(m[3]) == 2 {
			exponent = exponent*10 + int(m[3][1]-'0')
		}
		if digits := len(m[2]); digits <= exponent && exponent < 16 {
			return m[1] + m[2] + strings.Repeat("0", exponent-digits)
		}
	}
	return cell
}

// excelErrors are what a cell shows whose formula failed, in English and Dutch.
var excelErrors = strings.Fields("#N/A #REF! #VALUE! #NAME? #DIV/0! #NULL! #NUM! #N/B #VERW! #WAARDE! #NAAM? #DEEL/0! #LEEG! #GETAL!")

func isExcelError(cell string) bool { return slices.Contains(excelErrors, cell) }

// asDate matches a date in the ways that Excel shows and workbooks hold it.
var asDate = regexp.MustCompile(`^(?i)([0-9]{1,2}[-/. ](jan|feb|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*([-/. ][0-9]{2,4})?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|(jan|feb|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*[-/. ][0-9]{2,4})$`)

// isDate reports whether a class reads as a date.
func isDate(class string) bool { return asDate.MatchString(class) }

// firstNumber returns the number that text begins with, 0 where it begins with
// none or one that is no year of a school.
func firstNumber(text string) int {
	n := 0
	for _, r := range text {
		if r < '0' || r > '9' {
			break
		}
		if n = n*10 + int(r-'0'); n > 99 {
			return 0
		}
	}
	return n
}

// year returns the year that a cell names: 3, Leerjaar 3.
func year(cell string) int {
	i := strings.IndexFunc(cell, unicode.IsDigit)
	if i < 0 {
		return 0
	}
	return firstNumber(cell[i:])
}

// clip shortens what a message quotes.
func clip(cell string) string {
	const most = 60
	if utf8.RuneCountInString(cell) <= most {
		return cell
	}
	return string([]rune(cell)[:most]) + "…"
}
