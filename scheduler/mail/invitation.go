package mail

import (
	"strings"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Invitation is what a student is told, and what it is told from.
type Invitation struct {
	Event     enroll.Event
	School    enroll.School
	FirstName string
	Code      string // the login code, in groups
	BaseURL   string // without a slash at the end
	Contact   enroll.Account
	Provider  enroll.Provider // asked where there is no contact
	Now       time.Time
}

// Subject returns the subject of the mail, in Dutch.
func (i Invitation) Subject() string {
	return locale.Dutch.T("invite.mail.subject", "title", oneLine(i.Event.Title))
}

// Body returns the text of the mail, in Dutch: what the day is, the student's own
// link, until when one can choose, and whom to ask.
func (i Invitation) Body() string {
	l := locale.Dutch
	when := l.T("invite.mail.until", "to", l.Moment(i.Event.CloseAt))
	if i.Now.Before(i.Event.OpenAt) {
		when = l.T("invite.mail.from_until", "from", l.Moment(i.Event.OpenAt), "to", l.Moment(i.Event.CloseAt))
	}
	how := l.T("invite.mail.how")
	if i.Event.Mode == enroll.Ranking {
		how = l.T("ranking.mail.how")
	}
	day := l.Day(i.Event.Date)
	if !i.Event.LastDate.IsZero() && i.Event.LastDate != i.Event.Date {
		day = l.T("invite.mail.days", "from", day, "to", l.Day(i.Event.LastDate))
	}
	return l.T("invite.mail.body",
		"name", oneLine(i.FirstName), "title", oneLine(i.Event.Title), "school", oneLine(i.School.Name), "day", day, "how", how,
		"when", when, "link", i.BaseURL+"/k#"+i.Code, "site", i.BaseURL, "code", i.Code, "contact", i.contact())
}

// contact says whom to ask.
func (i Invitation) contact() string {
	for _, who := range [][2]string{{i.Contact.Name, i.Contact.Email}, {i.Provider.Name, i.Provider.Email}} {
		switch name, email := oneLine(who[0]), who[1]; {
		case name != "" && email != "":
			return name + " (" + email + ")"
		case name != "" || email != "":
			return name + email
		}
	}
	return locale.Dutch.T("invite.mail.mentor")
}

// oneLine keeps what somebody typed from breaking up the mail.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
