package web

import (
	"html/template"
	"regexp"
	"strings"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// fieldMessage is one fault in a form, as a person or a program reads it.
type fieldMessage struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Label   string `json:"-"` // what the field is called on the page; may be empty
}

// fieldMessages translates faults. Their messages are field.CODE with the
// arguments named a, b and c; labels are label.NAME of the field's last part.
func fieldMessages(errs enroll.FieldErrors, l *locale.Locale) []fieldMessage {
	messages := make([]fieldMessage, len(errs))
	for i, e := range errs {
		var args []any
		for j, arg := range e.Args {
			args = append(args, string(rune('a'+j)), arg)
		}
		m := fieldMessage{Field: e.Field, Code: e.Code, Message: l.T("field."+e.Code, args...)}
		if key := "label." + e.Field[strings.LastIndexByte(e.Field, '.')+1:]; l.Has(key) {
			m.Label = l.T(key)
		}
		messages[i] = m
	}
	return messages
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// fieldID is the id that the input of a field has on a page:
// workshops[3].title has workshops-3-title.
func fieldID(field string) string { return strings.Trim(notInID.ReplaceAllString(field, "-"), "-") }

// ID is fieldID for templates.
func (m fieldMessage) ID() string { return fieldID(m.Field) }

// FieldError returns the message for that field, empty where nothing is wrong.
func (p Page) FieldError(field string) string {
	for _, m := range p.Errors {
		if m.Field == field {
			return m.Message
		}
	}
	return ""
}

// Field returns the attributes id, name and those that tie an input to its
// message and to the elements with the ids in help.
func (p Page) Field(field string, help ...string) template.HTMLAttr {
	id := fieldID(field)
	attrs := `id="` + id + `" name="` + template.HTMLEscapeString(field) + `"`
	if p.FieldError(field) != "" {
		attrs += ` aria-invalid="true"`
		help = append([]string{id + "-error"}, help...)
	}
	if len(help) > 0 {
		attrs += ` aria-describedby="` + strings.Join(help, " ") + `"`
	}
	return template.HTMLAttr(attrs) // escaped above; help comes from templates
}
