package classlist

import (
	"testing"

	"cultuurdag/enroll"
)

func TestWhatSomebodyTypesIsReadAsARowIs(t *testing.T) {
	for _, c := range []struct{ typed, want enroll.Student }{
		{
			enroll.Student{Number: " '00123 ", FirstName: "Zoe\u0308 ", Infix: " van  den", LastName: "\u202EBerg\u200B", Class: " 3A", Email: " z@example.org\n"},
			enroll.Student{Number: "00123", FirstName: "Zoë", Infix: "van den", LastName: "Berg", Class: "3A", Year: 3, Email: "z@example.org"},
		},
		{enroll.Student{Class: "3A", Year: 4}, enroll.Student{Class: "3A", Year: 4}},
		{enroll.Student{Class: "Mavo 3"}, enroll.Student{Class: "Mavo 3"}},
		{enroll.Student{Class: "10b"}, enroll.Student{Class: "10b", Year: 10}},
	} {
		if got := Entered(c.typed); got != c.want {
			t.Errorf("got  %+v\nwant %+v", got, c.want)
		}
	}
}
