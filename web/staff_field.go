package web

import (
	"html/template"
	"strings"
)

// textField is an input with its label, hint and message, for the template
// text-field.
type textField struct {
	ID, Label, Hint, Error, Type, Value, Complete string
	Optional                                      bool
	Attrs                                         template.HTMLAttr
}

// Text returns the input of a field: kind is its type, or textarea, with a ?
// where it may stay empty. Complete is for the attribute autocomplete. The
// label is label.FIELD; the hint hint.FIELD, where there is one.
func (p Page) Text(field, value, kind, complete string) textField {
	kind, optional := strings.CutSuffix(kind, "?")
	f := textField{
		ID: fieldID(field), Label: p.Locale.T("label." + field), Error: p.FieldError(field),
		Type: kind, Value: value, Complete: complete, Optional: optional,
	}
	var help []string
	if key := "hint." + field; p.Locale.Has(key) {
		f.Hint = p.Locale.T(key)
		help = append(help, f.ID+"-hint")
	}
	f.Attrs = p.Field(field, help...)
	return f
}
