package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/classlist"
)

// studentInput is a student as one is entered.
type studentInput struct {
	Number    string `json:"number" form:"number"`
	FirstName string `json:"first_name" form:"first_name"`
	Infix     string `json:"infix" form:"infix"`
	LastName  string `json:"last_name" form:"last_name"`
	Class     string `json:"class" form:"class"`
	Email     string `json:"email" form:"email"`
}

func studentInputOf(st enroll.Student) studentInput {
	return studentInput{st.Number, st.FirstName, st.Infix, st.LastName, st.Class, st.Email}
}

// student returns what was entered over old, which is empty for a new student.
// A year that a list told stays with the class that it came with. E-mail is
// kept only where the event sends invitations.
func (in studentInput) student(old enroll.Student, e enroll.Event) enroll.Student {
	st := enroll.Student{ID: old.ID, Number: in.Number, FirstName: in.FirstName, Infix: in.Infix, LastName: in.LastName, Class: in.Class}
	if e.Invitations {
		st.Email = in.Email
	}
	if st = classlist.Entered(st); st.Class == old.Class {
		st.Year = old.Year
	}
	return st
}

// studentFormPage is where a student is added, or corrected.
type studentFormPage struct {
	eventPage
	Student enroll.Student // as stored; empty for a new one
	In      studentInput
	Classes []string     // those that there are
	Trouble *problemJSON // why nothing was stored, where no field is to blame
}

// studentForm returns the form for old, empty for a new student, and all students.
func (s *Server) studentForm(c *gin.Context, old enroll.Student, in studentInput) (studentFormPage, error) {
	base, err := s.eventPage(c, "students")
	if err != nil {
		return studentFormPage{}, err
	}
	all, err := s.store.Students(c.Request.Context(), base.Event.ID)
	if err != nil {
		return studentFormPage{}, err
	}
	page := studentFormPage{eventPage: base, Student: old, In: in, Classes: classesOf(all)}
	title, path := "students.add.title", "/new"
	if old.ID != "" {
		title, path = "students.change.title", "/"+old.ID+"/change"
	}
	page.Title = page.Locale.T(title) + " – " + base.Event.Title // no name in a browser's history
	page.Back = "/events/" + base.Event.ID + "/students" + path
	return page, nil
}

// refuseStudent shows the form again with what is wrong and what was typed. It
// returns err where that is no fault of the form, or a program asks.
func (s *Server) refuseStudent(c *gin.Context, old enroll.Student, in studentInput, err error) error {
	var fields enroll.FieldErrors
	ofForm := errors.As(err, &fields)
	if wantsJSON(c) || !ofForm && !errors.Is(err, enroll.ErrConflict) && !errors.Is(err, enroll.ErrState) {
		return err
	}
	page, pageErr := s.studentForm(c, old, in)
	if pageErr != nil {
		return pageErr
	}
	p, _ := problemOf(err, page.Locale)
	if ofForm {
		page.fail(fields)
	} else {
		p.Detail = page.Locale.T("students." + p.Code)
		page.Trouble = &p
	}
	return s.render(c, p.Status, "staff/student-form", &page)
}

// newStudent is GET /events/:event/students/new.
func (s *Server) newStudent(c *gin.Context) error {
	page, err := s.studentForm(c, enroll.Student{}, studentInput{Class: trim(c.Query("class"))})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/student-form", &page)
}

// addStudent is POST /events/:event/students.
func (s *Server) addStudent(c *gin.Context) error {
	var in studentInput
	if err := bind(c, &in); err != nil {
		return err
	}
	e := event(c)
	st, err := s.store.AddStudent(c.Request.Context(), e.ID, in.student(enroll.Student{}, e))
	if err != nil {
		return s.refuseStudent(c, enroll.Student{}, in, err)
	}
	if err := s.audit(c, "student.add", e.ID, ""); err != nil {
		return err
	}
	s.cfg.Kick() // lists that were made are made again
	if wantsJSON(c) {
		return sendJSON(c, http.StatusCreated, gin.H{"id": st.ID})
	}
	s.flash(c, "students.added")
	return see(c, "/events/"+e.ID+"/students/"+st.ID)
}

// findStudent returns the student of the route.
func (s *Server) findStudent(c *gin.Context) (enroll.Student, error) {
	all, err := s.store.Students(c.Request.Context(), event(c).ID)
	if err != nil {
		return enroll.Student{}, err
	}
	i := slices.IndexFunc(all, func(st enroll.Student) bool { return st.ID == c.Param("student") })
	if i < 0 {
		return enroll.Student{}, enroll.ErrNotFound
	}
	return all[i], nil
}

// editStudent is GET /events/:event/students/:student/change.
func (s *Server) editStudent(c *gin.Context) error {
	st, err := s.findStudent(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, "student.read", event(c).ID, ""); err != nil {
		return err
	}
	page, err := s.studentForm(c, st, studentInputOf(st))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/student-form", &page)
}

// changeStudent is PATCH /events/:event/students/:student: what is left out stays.
func (s *Server) changeStudent(c *gin.Context) error {
	old, err := s.findStudent(c)
	if err != nil {
		return err
	}
	in := studentInputOf(old)
	if err := bind(c, &in); err != nil {
		return err
	}
	e := event(c)
	if err := s.store.UpdateStudent(c.Request.Context(), e.ID, in.student(old, e)); err != nil {
		return s.refuseStudent(c, old, in, err)
	}
	if err := s.audit(c, "student.change", e.ID, ""); err != nil {
		return err
	}
	s.cfg.Kick()
	if wantsJSON(c) {
		found, err := s.findStudents(c, studentFilter{ID: old.ID})
		if err != nil {
			return err
		}
		if len(found.students) == 0 {
			return enroll.ErrNotFound // erased meanwhile
		}
		return sendJSON(c, http.StatusOK, found.json()[0])
	}
	s.flash(c, "staff.saved")
	return see(c, "/events/"+e.ID+"/students/"+old.ID)
}
