package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

func trim(s string) string { return strings.TrimSpace(s) }

// contactJSON is a contact as the organiser sees it.
type contactJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Function string `json:"function"`
	Email    string `json:"email"`
	Phone    string `json:"phone"`
	Active   bool   `json:"active"` // has set a password
}

type schoolJSON struct {
	enroll.School
	Contacts []contactJSON `json:"contacts"`
}

// schoolInput is a school as it is entered.
type schoolInput struct {
	Name      string `json:"name" form:"name"`
	BRIN      string `json:"brin" form:"brin"`
	Address   string `json:"address" form:"address"`
	Postcode  string `json:"postcode" form:"postcode"`
	City      string `json:"city" form:"city"`
	CJPNumber string `json:"cjp_number" form:"cjp_number"`
}

func inputOf(school enroll.School) schoolInput {
	return schoolInput{school.Name, school.BRIN, school.Address, school.Postcode, school.City, school.CJPNumber}
}

func (in schoolInput) school(id string) enroll.School {
	return enroll.School{ID: id, Name: in.Name, BRIN: in.BRIN, Address: in.Address, Postcode: in.Postcode, City: in.City, CJPNumber: in.CJPNumber}
}

type schoolsPage struct {
	Page
	Schools []schoolJSON
	In      schoolInput
}

// schools is GET /schools.
func (s *Server) schools(c *gin.Context) error {
	list, err := s.schoolList(c)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"schools": list})
	}
	page := schoolsPage{Page: s.page(c, localeOf(c).T("staff.schools.title")), Schools: list}
	return s.render(c, http.StatusOK, "staff/schools", &page)
}

// schoolList returns every school with its contacts.
func (s *Server) schoolList(c *gin.Context) ([]schoolJSON, error) {
	ctx := c.Request.Context()
	schools, err := s.store.Schools(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := s.store.Accounts(ctx, func(a enroll.Account) bool { return a.Role == enroll.Contact })
	if err != nil {
		return nil, err
	}
	contacts := map[string][]contactJSON{}
	for _, a := range accounts {
		contacts[a.School] = append(contacts[a.School], contactJSON{a.ID, a.Name, a.Function, a.Email, a.Phone, a.Password != ""})
	}
	list := make([]schoolJSON, len(schools))
	for i, school := range schools {
		list[i] = schoolJSON{school, contacts[school.ID]}
		if list[i].Contacts == nil {
			list[i].Contacts = []contactJSON{}
		}
	}
	return list, nil
}

// addSchool is POST /schools.
func (s *Server) addSchool(c *gin.Context) error {
	var in schoolInput
	if err := bind(c, &in); err != nil {
		return err
	}
	school, err := s.store.PutSchool(c.Request.Context(), in.school(""))
	var fields enroll.FieldErrors
	if errors.As(err, &fields) && !wantsJSON(c) {
		list, err := s.schoolList(c)
		if err != nil {
			return err
		}
		page := schoolsPage{Page: s.page(c, localeOf(c).T("staff.schools.title")), Schools: list, In: in}
		page.Back = "/schools"
		page.fail(fields)
		return s.render(c, http.StatusUnprocessableEntity, "staff/schools", &page)
	}
	if err != nil {
		return err
	}
	if err := s.audit(c, "school.create", "", ""); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusCreated, gin.H{"id": school.ID})
	}
	s.flash(c, "staff.saved")
	return see(c, "/schools/"+url.PathEscape(school.ID))
}

type schoolPage struct {
	Page
	School   schoolJSON
	In       schoolInput
	Contact  contactInput
	Link     string // of an invitation, shown once
	LinkFor  string // whom it is for
	LinkMail bool   // it was mailed as well
}

// findSchool returns the school of the route, with its contacts.
func (s *Server) findSchool(c *gin.Context) (schoolJSON, error) {
	if _, err := s.store.School(c.Request.Context(), c.Param("school")); err != nil {
		return schoolJSON{}, err
	}
	list, err := s.schoolList(c)
	if err != nil {
		return schoolJSON{}, err
	}
	for _, school := range list {
		if school.ID == c.Param("school") {
			return school, nil
		}
	}
	return schoolJSON{}, enroll.ErrNotFound
}

func (s *Server) schoolPage(c *gin.Context) (schoolPage, error) {
	school, err := s.findSchool(c)
	page := schoolPage{Page: s.page(c, school.Name), School: school, In: inputOf(school.School)}
	page.Back = "/schools/" + school.ID
	return page, err
}

// school is GET /schools/:school.
func (s *Server) school(c *gin.Context) error {
	page, err := s.schoolPage(c)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, page.School)
	}
	if err := s.takeLink(c, &page); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/school", &page)
}

// changeSchool is PATCH /schools/:school: what is left out stays.
func (s *Server) changeSchool(c *gin.Context) error {
	old, err := s.store.School(c.Request.Context(), c.Param("school"))
	if err != nil {
		return err
	}
	in := inputOf(old)
	if err := bind(c, &in); err != nil {
		return err
	}
	school, err := s.store.PutSchool(c.Request.Context(), in.school(old.ID))
	var fields enroll.FieldErrors
	if errors.As(err, &fields) && !wantsJSON(c) {
		page, err := s.schoolPage(c)
		if err != nil {
			return err
		}
		page.In = in
		page.fail(fields)
		return s.render(c, http.StatusUnprocessableEntity, "staff/school", &page)
	}
	if err != nil {
		return err
	}
	if err := s.audit(c, "school.change", "", ""); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, school)
	}
	s.flash(c, "staff.saved")
	return see(c, "/schools/"+url.PathEscape(school.ID))
}

// contactInput is a contact as it is entered.
type contactInput struct {
	Name     string `json:"name" form:"contact_name"`
	Function string `json:"function" form:"function"`
	Email    string `json:"email" form:"email"`
	Phone    string `json:"phone" form:"phone"`
}

// addContact is POST /schools/:school/contacts. The link of the invitation is
// shown this once, and mailed where there is mail.
func (s *Server) addContact(c *gin.Context) error {
	ctx := c.Request.Context()
	if _, err := s.store.School(ctx, c.Param("school")); err != nil {
		return err
	}
	var in contactInput
	if err := bind(c, &in); err != nil {
		return err
	}
	a, err := s.store.AddAccount(ctx, enroll.Account{
		Role: enroll.Contact, School: c.Param("school"),
		Name: in.Name, Function: in.Function, Email: in.Email, Phone: in.Phone,
	})
	var fields enroll.FieldErrors
	if !wantsJSON(c) {
		if errors.Is(err, enroll.ErrEmailTaken) {
			fields.Add("email", "email_taken")
		}
		if len(fields) > 0 || errors.As(err, &fields) {
			page, pageErr := s.schoolPage(c)
			if pageErr != nil {
				return pageErr
			}
			for i := range fields { // the page has the school's name as well
				fields[i].Field = cmp.Or(map[string]string{"name": "contact_name"}[fields[i].Field], fields[i].Field)
			}
			page.Contact = in
			page.fail(fields)
			return s.render(c, http.StatusUnprocessableEntity, "staff/school", &page)
		}
	}
	if err != nil {
		return err
	}
	if err := s.audit(c, "contact.add", "", a.School); err != nil {
		return err
	}
	return s.showInvitationLink(c, a, gin.H{"id": a.ID})
}

// findContact returns the contact of the route.
func (s *Server) findContact(c *gin.Context) (enroll.Account, error) {
	a, err := s.store.Account(c.Request.Context(), c.Param("contact"))
	if err == nil && (a.Role != enroll.Contact || a.School != c.Param("school")) {
		return enroll.Account{}, enroll.ErrNotFound
	}
	return a, err
}

// renewInvitation is POST /schools/:school/contacts/:contact/invitation: a new
// link, where the first one was lost or is too old.
func (s *Server) renewInvitation(c *gin.Context) error {
	a, err := s.findContact(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, "contact.invite", "", a.School); err != nil {
		return err
	}
	return s.showInvitationLink(c, a, gin.H{})
}

func (s *Server) showInvitationLink(c *gin.Context, a enroll.Account, answer gin.H) error {
	ctx := c.Request.Context()
	link, err := s.invite(ctx, a.ID)
	if err != nil {
		return err
	}
	l := localeOf(c)
	s.mail(ctx, a.Email, l.T("staff.mail.invitation.subject"), l.T("staff.mail.invitation.body", "name", a.Name, "link", link))
	if wantsJSON(c) || c.GetHeader("Authorization") != "" { // a program has no login session
		answer["invitation_url"] = link
		return sendJSON(c, http.StatusCreated, answer)
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	s.staff.Put(session, sessionLink, link)
	s.staff.Put(session, sessionLinkFor, a.Name)
	s.staff.Put(session, sessionLinkSchool, a.School)
	if err := s.keepSession(context.WithValue(session, goesOn{}, true), c); err != nil {
		return err
	}
	return see(c, "/schools/"+url.PathEscape(a.School))
}

// takeLink puts the link of an invitation that was just made on the page of its
// school, this once: when the page is loaded again it has gone.
func (s *Server) takeLink(c *gin.Context, page *schoolPage) error {
	session, err := s.session(c)
	if err != nil || s.staff.GetString(session, sessionLinkSchool) != page.School.ID {
		return err
	}
	page.Link, page.LinkFor = s.staff.PopString(session, sessionLink), s.staff.PopString(session, sessionLinkFor)
	page.LinkMail = s.cfg.Mail != nil
	s.staff.Remove(session, sessionLinkSchool)
	return s.keepSession(context.WithValue(session, goesOn{}, true), c)
}

// removeContact is DELETE /schools/:school/contacts/:contact.
func (s *Server) removeContact(c *gin.Context) error {
	a, err := s.findContact(c)
	if errors.Is(err, enroll.ErrNotFound) && !wantsJSON(c) { // a second click
		school, err := s.store.School(c.Request.Context(), c.Param("school"))
		if err != nil {
			return err
		}
		return see(c, "/schools/"+url.PathEscape(school.ID))
	}
	if err != nil {
		return err
	}
	if err := s.audit(c, "contact.remove", "", a.School); err != nil {
		return err
	}
	if err := s.store.RemoveAccount(c.Request.Context(), a.ID); err != nil {
		return err
	}
	return s.done(c, "/schools/"+url.PathEscape(a.School), "staff.school.removed")
}
