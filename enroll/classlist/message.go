package classlist

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"cultuurdag/enroll/locale"
)

// Message says a problem in a language. It quotes cells: it is for the person
// who handed the list in, never for a log.
func Message(l *locale.Locale, p Problem) string {
	key := "list." + p.Code
	args := slices.Clone(p.Args)
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "field":
			args[i], args[i+1] = "veld", l.T(fmt.Sprintf("list.field.%v", args[i+1]))
		case "limit":
			key = fmt.Sprintf("%s_%v", key, args[i+1])
		case "size":
			args[i], args[i+1] = "x", megabytes(l, args[i+1])
		case "separator":
			if args[i+1] == "\t" {
				key += "_tab"
			}
		case "sheet2":
			if args[i+1] != p.Sheet {
				key += "_elsewhere"
			}
		case "b":
			if args[i+1] == "" {
				key += "_plain"
			}
		}
	}
	text := l.T(key, args...)
	if p.Sheet != "" {
		text = p.Sheet + ": " + text
	}
	return text
}

// megabytes writes a size with one decimal, rounded up: 5,1 is never 5,0.
func megabytes(l *locale.Locale, bytes any) string {
	n, ok := bytes.(int)
	if !ok {
		return fmt.Sprint(bytes)
	}
	text := fmt.Sprintf("%.1f", math.Ceil(float64(n)*10/(1<<20))/10)
	if l.Tag == "nl" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}
