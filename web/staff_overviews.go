package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// listsPage is where lists are downloaded.
type listsPage struct {
	eventPage
	Files   []store.FileInfo // in the order of overview.Names
	Made    time.Time
	Stale   bool
	Making  bool // the worker is at it, or will be shortly
	Classes []string
}

// overviews is GET /events/:event/overviews: what can be downloaded now.
func (s *Server) overviews(c *gin.Context) error {
	e := event(c)
	files, stale, err := s.store.Files(c.Request.Context(), e.ID)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		if files == nil {
			files = []store.FileInfo{}
		}
		return sendJSON(c, http.StatusOK, gin.H{"overviews": files})
	}
	base, err := s.eventPage(c, "lists")
	if err != nil {
		return err
	}
	page := listsPage{eventPage: base, Files: files, Stale: stale}
	page.Scripts = []string{"staff.js"}
	slices.SortFunc(page.Files, func(a, b store.FileInfo) int {
		return slices.Index(overview.Names, a.Name) - slices.Index(overview.Names, b.Name)
	})
	for i := range page.Files {
		slices.SortFunc(page.Files[i].Formats, func(a, b string) int {
			return slices.Index(overview.Formats, a) - slices.Index(overview.Formats, b)
		})
	}
	if len(files) > 0 {
		page.Made = files[0].MadeAt
	}
	switch page.State {
	case enroll.Closed, enroll.Allocated, enroll.Published:
		page.Making = len(files) == 0 || stale
	}
	students, err := s.store.Students(c.Request.Context(), e.ID)
	if err != nil {
		return err
	}
	page.Classes = classesOf(students)
	return s.render(c, http.StatusOK, "staff/lists", &page)
}

// overviewFile is GET /events/:event/overviews/:file: rosters.pdf, or all.zip.
func (s *Server) overviewFile(c *gin.Context) error {
	name, format, ok := strings.Cut(c.Param("file"), ".")
	if c.Param("file") == "all.zip" {
		return s.overviewZip(c)
	}
	if !ok || !slices.Contains(overview.Names, name) || !slices.Contains(overview.Formats, format) {
		return enroll.ErrNotFound
	}
	data, err := s.store.File(c.Request.Context(), event(c).ID, name, format)
	if err != nil {
		return err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, "overview.download", event(c).ID, name+"."+format); err != nil {
		return err
	}
	return download(c, overview.FileName(in, name, format), format, data)
}

func (s *Server) overviewZip(c *gin.Context) error {
	ctx, id := c.Request.Context(), event(c).ID
	infos, _, err := s.store.Files(ctx, id)
	if err != nil {
		return err
	}
	if len(infos) == 0 {
		return enroll.ErrNotReady
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	in.MadeAt = infos[0].MadeAt
	var files []overview.File
	for _, info := range infos {
		for _, format := range info.Formats {
			data, err := s.store.File(ctx, id, info.Name, format)
			if err != nil {
				return err
			}
			files = append(files, overview.File{Name: info.Name, Format: format, Data: data})
		}
	}
	data, err := overview.Zip(in, files)
	if err != nil {
		return fmt.Errorf("lists in one file: %w", err)
	}
	if err := s.audit(c, "overview.download", id, "all.zip"); err != nil {
		return err
	}
	return download(c, overview.FileName(in, "all", "zip"), "zip", data)
}
