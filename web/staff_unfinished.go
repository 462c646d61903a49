package web

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/overview"
)

// unfinishedPage is who is not done with choosing, a table for each class
// to print and hand to its mentor.
type unfinishedPage struct {
	eventPage
	Class   string // shown alone; "" is all
	Rounds  int
	Classes []unfinishedClass
}

type unfinishedClass struct {
	Class    string
	Students []studentRow
}

type unfinishedJSON struct {
	Class    string              `json:"class"`
	Students []unfinishedStudent `json:"students"`
}

type unfinishedStudent struct {
	ID        string `json:"id"`
	FirstName string `json:"first_name"`
	Infix     string `json:"infix"`
	LastName  string `json:"last_name"`
	Missing   []int  `json:"missing"` // rounds

	// In mode ranking: how many workshops are ranked, of how many.
	Ranked     *int `json:"ranked,omitempty"`
	RankLength *int `json:"rank_length,omitempty"`
}

// findUnfinished returns the students, of a class or all, who are not done with
// choosing.
func (s *Server) findUnfinished(c *gin.Context) (studentsFound, error) {
	return s.findStudents(c, studentFilter{Class: trim(c.Query("class")), Chosen: unfinished})
}

// byClass deals the students found over their classes, both in order.
func (f studentsFound) byClass() []unfinishedClass {
	var classes []unfinishedClass
	at := map[string]int{}
	for _, class := range classesOf(f.students) {
		at[class] = len(classes)
		classes = append(classes, unfinishedClass{Class: class})
	}
	for _, row := range f.rows() {
		i := at[row.Class]
		classes[i].Students = append(classes[i].Students, row)
	}
	return classes
}

// rankedWords tells by student id how much of a ranking there is, as 2/5; nil
// where nothing is ranked.
func (f studentsFound) rankedWords() map[string]string {
	if f.event.Mode != enroll.Ranking {
		return nil
	}
	words := map[string]string{}
	for _, st := range f.students {
		r := f.ranked(st)
		words[st.ID] = fmt.Sprintf("%d/%d", r.Has, r.Of)
	}
	return words
}

func unfinishedOf(classes []unfinishedClass) []unfinishedJSON {
	list := make([]unfinishedJSON, len(classes))
	for i, class := range classes {
		list[i].Class = class.Class
		for _, st := range class.Students {
			u := unfinishedStudent{ID: st.ID, FirstName: st.FirstName, Infix: st.Infix, LastName: st.LastName}
			for _, place := range st.Places {
				if !place.Has {
					u.Missing = append(u.Missing, place.Round)
				}
			}
			if st.Ranked.Of > 0 {
				u.Ranked, u.RankLength = &st.Ranked.Has, &st.Ranked.Of
			}
			list[i].Students = append(list[i].Students, u)
		}
	}
	return list
}

// unfinished is GET /events/:event/unfinished?class=.
func (s *Server) unfinished(c *gin.Context) error {
	found, err := s.findUnfinished(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, "unfinished.read", event(c).ID, itoa(len(found.students))); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"classes": unfinishedOf(found.byClass())})
	}
	base, err := s.eventPage(c, "live")
	if err != nil {
		return err
	}
	page := unfinishedPage{
		eventPage: base, Class: trim(c.Query("class")), Rounds: len(found.programme.Rounds), Classes: found.byClass(),
	}
	page.Title = page.Locale.T("students.unfinished.title") + " – " + base.Event.Title
	return s.render(c, http.StatusOK, "staff/unfinished", &page)
}

// unfinishedCSV is GET /events/:event/unfinished.csv?class=.
func (s *Server) unfinishedCSV(c *gin.Context) error {
	found, err := s.findUnfinished(c)
	if err != nil {
		return err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	in.Programme, in.Students, in.Choices = found.programme, found.students, found.choices
	data, err := overview.UnfinishedCSV(in, found.rankedWords())
	if err != nil {
		return fmt.Errorf("who has not chosen: %T", err) // its text could name a student
	}
	if err := s.audit(c, "unfinished.download", event(c).ID, itoa(len(found.students))); err != nil {
		return err
	}
	return download(c, overview.FileName(in, "unfinished "+trim(c.Query("class")), "csv"), "csv", data)
}

// unfinished is, as a filter of lists, both none and partly.
const unfinished enroll.Progress = "unfinished"
