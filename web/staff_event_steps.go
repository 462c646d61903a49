package web

import (
	"errors"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

// step is POST /events/:event/open, close, publish and cancel: what the sweep
// also does by itself at its time. Said twice it changes nothing.
func (s *Server) step(action string, take func(*enroll.Event) error) handlerFunc {
	return func(c *gin.Context) error {
		_, err := s.update(c, take)
		if err == nil {
			err = s.audit(c, "event."+action, event(c).ID, "")
		}
		if err != nil && !errors.Is(err, errAlready) {
			return err
		}
		return s.changed(c, event(c).ID, "staff.step."+action)
	}
}

// errAlready says that a step was taken before.
var errAlready = errors.New("already")

func (s *Server) stepOpen(e *enroll.Event) error {
	now := s.clock.Now()
	switch e.StateAt(now) {
	case enroll.Open:
		return errAlready
	case enroll.Draft:
		e.OpenAt = now
		return nil
	}
	return enroll.ErrState
}

func (s *Server) stepClose(e *enroll.Event) error {
	now := s.clock.Now()
	switch e.StateAt(now) {
	case enroll.Closed, enroll.Allocated, enroll.Published:
		return errAlready
	case enroll.Open:
		e.CloseAt = now
		return nil
	}
	return enroll.ErrState
}

func (s *Server) stepPublish(e *enroll.Event) error {
	now := s.clock.Now()
	switch e.StateAt(now) {
	case enroll.Published:
		return errAlready
	case enroll.Allocated:
		if e.PublishAt.After(now) || e.PublishAt.IsZero() {
			e.PublishAt = now
		}
		return nil
	}
	return enroll.ErrState
}

func (s *Server) stepCancel(e *enroll.Event) error {
	now := s.clock.Now()
	switch e.StateAt(now) {
	case enroll.Cancelled:
		return errAlready
	case enroll.Purging, enroll.Purged:
		return enroll.ErrPurged
	}
	e.CancelledAt, e.State = now, enroll.Cancelled
	return nil
}
