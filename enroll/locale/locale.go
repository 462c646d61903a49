// Package locale speaks Dutch and English: the message catalogues, dates and
// times as a reader expects them, and the Dutch order of names.
//
// Messages live in catalogue/{topic}.{language}.json and are found by key. A
// test holds that both languages have the same keys.
package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"cultuurdag/enroll"
)

//go:embed catalogue/*.json
var catalogue embed.FS

var (
	bundle  = load()
	matcher = language.NewMatcher([]language.Tag{language.Dutch, language.English})
)

// Dutch and English are the languages of the program.
var (
	Dutch   = newLocale("nl")
	English = newLocale("en")
)

// Locale writes in one language. It is safe for concurrent use.
type Locale struct {
	Tag       string // nl or en
	localizer *i18n.Localizer
}

func newLocale(tag string) *Locale {
	return &Locale{Tag: tag, localizer: i18n.NewLocalizer(bundle, tag)}
}

func load() *i18n.Bundle {
	b := i18n.NewBundle(language.Dutch)
	files, err := fs.Glob(catalogue, "catalogue/*.json")
	if err != nil {
		panic(err) // a constant pattern
	}
	for _, name := range files {
		data, err := catalogue.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		// go-i18n takes the language from the last part of the name before .json.
		if _, err := b.ParseMessageFileBytes(data, path.Base(name)); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err)) // a test loads every file
		}
	}
	return b
}

// For picks the language: the one chosen (nl, en, or empty), else what an
// Accept-Language header prefers, else Dutch.
func For(chosen, acceptLanguage string) *Locale {
	switch chosen {
	case "nl":
		return Dutch
	case "en":
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Dutch
	}
	if _, i, confidence := matcher.Match(tags...); i == 1 && confidence > language.No {
		return English
	}
	return Dutch
}

// T returns the message with that key. Args are pairs of a name and a value,
// for {{.name}} in the message; the pair named n also picks singular or plural.
// A key that is missing comes back as it is, so that a page still shows.
func (l *Locale) T(key string, args ...any) string {
	config := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 1 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name := fmt.Sprint(args[i])
			data[name] = args[i+1]
			if n, ok := args[i+1].(int); ok && name == "n" {
				config.PluralCount = n
			}
		}
		config.TemplateData = data
	}
	s, err := l.localizer.Localize(config)
	if err != nil && s == "" {
		return key
	}
	return s
}

// Has reports whether there is a message with that key.
func (l *Locale) Has(key string) bool {
	_, err := l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: 2})
	return err == nil
}

var (
	days = map[string][7]string{
		"nl": {"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
		"en": {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	}
	months = map[string][12]string{
		"nl": {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
		"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	}
)

// Date writes the local date of t: vrijdag 4 december 2026.
func (l *Locale) Date(t time.Time) string {
	t = t.In(enroll.Amsterdam)
	return fmt.Sprintf("%s %d %s %d", days[l.Tag][t.Weekday()], t.Day(), months[l.Tag][t.Month()-1], t.Year())
}

// Day writes d: vrijdag 4 december 2026.
func (l *Locale) Day(d enroll.Date) string { return l.Date(d.At(12, 0)) }

// Clock writes the local time of day of t: 09:30.
func (l *Locale) Clock(t time.Time) string { return t.In(enroll.Amsterdam).Format("15:04") }

// Moment writes date and time: vrijdag 4 december 2026 om 09:30.
func (l *Locale) Moment(t time.Time) string {
	at := " om "
	if l.Tag == "en" {
		at = " at "
	}
	return l.Date(t) + at + l.Clock(t)
}

// List joins words: a, b en c.
func (l *Locale) List(words []string) string {
	and := " en "
	if l.Tag == "en" {
		and = " and "
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + and + words[len(words)-1]
}
