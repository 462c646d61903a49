package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

// dataJSON is everything that is held about a student.
type dataJSON struct {
	Student   dataStudent  `json:"student"`
	School    string       `json:"school"`
	Event     string       `json:"event"`
	Choices   []dataChoice `json:"choices"`
	Seen      enroll.Day   `json:"seen"`              // the day as the student saw it last
	Ranking   []dataWish   `json:"ranking,omitempty"` // in mode ranking, the dearest first
	LoginCode bool         `json:"login_code"`        // one is kept, sealed; it stands on the slip
	KeptUntil time.Time    `json:"kept_until"`
	Contact   string       `json:"contact"`
}

type dataStudent struct {
	ID        string `json:"id"`
	Number    string `json:"number"`
	FirstName string `json:"first_name"`
	Infix     string `json:"infix,omitempty"`
	LastName  string `json:"last_name"`
	Class     string `json:"class"`
	Year      int    `json:"year,omitempty"`
	Email     string `json:"email,omitempty"`
}

type dataChoice struct {
	Round    int       `json:"round"`
	Workshop string    `json:"workshop"`
	Title    string    `json:"title"`
	By       enroll.By `json:"by"` // c: chosen, p: placed by hand, a: allocated
}

type dataWish struct {
	Workshop string `json:"workshop"`
	Title    string `json:"title"`
	Idle     bool   `json:"does_not_count,omitempty"` // not open to the student's class now
}

// studentData is GET /student/data: a page, JSON, or with ?download the JSON as
// a file, for a link cannot ask for JSON.
func (s *Server) studentData(c *gin.Context) error {
	view, err := s.view(c)
	if err != nil {
		return err
	}
	_, download := c.GetQuery("download")
	if !download && !wantsJSON(c) {
		page := s.studentPage(c, view)
		page.Rounds = roundsOf(view)
		page.Title, page.Back, page.Scripts = page.Locale.T("student.data.title"), "/student/data", nil
		return s.render(c, http.StatusOK, "student/data", &page)
	}
	st := view.Student
	out := dataJSON{
		Student: dataStudent{st.ID, st.Number, st.FirstName, st.Infix, st.LastName, st.Class, st.Year, st.Email},
		School:  view.School.Name, Event: view.Event.Title, Choices: []dataChoice{}, Seen: view.Seen, LoginCode: true,
		KeptUntil: view.Event.PurgeDue(), Contact: s.cfg.Provider.Email,
	}
	for _, r := range roundsOf(view) {
		if r.Choice != nil {
			out.Choices = append(out.Choices, dataChoice{r.Number, r.Choice.Workshop, r.Choice.Title, r.Choice.By})
		}
	}
	for _, id := range view.Wishes {
		w, _ := view.Programme.Workshop(id)
		out.Ranking = append(out.Ranking, dataWish{id, w.Title, false})
	}
	for _, id := range view.Idle {
		w, _ := view.Programme.Workshop(id)
		out.Ranking = append(out.Ranking, dataWish{id, w.Title, true})
	}
	if download {
		c.Header("Content-Disposition", `attachment; filename="cultuurdag.json"`)
	}
	c.IndentedJSON(http.StatusOK, out)
	return nil
}
