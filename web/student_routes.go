package web

// studentRoutes registers what students use.
func (s *Server) studentRoutes() {
	r := s.engine
	r.GET("/", s.handle(s.home))
	r.GET("/k", s.handle(s.link))
	r.GET("/purged/:event", s.handle(s.purged))
	r.POST("/student/sign-in", s.handle(s.signInStudent))
	r.POST("/student/sign-out", s.handle(s.signOutStudent))
	r.GET("/student", s.studentErrors(s.student))
	r.PUT("/student/choices/:round", s.studentErrors(s.choose))
	r.DELETE("/student/choices/:round", s.studentErrors(s.release))
	r.PUT("/student/ranking", s.studentErrors(s.rank))
	r.PUT("/student/ranking/:workshop", s.studentErrors(s.wish))
	r.DELETE("/student/ranking/:workshop", s.studentErrors(s.unwish))
	r.GET("/student/schedule", s.studentErrors(s.schedule))
	r.PUT("/student/schedule/seen", s.studentErrors(s.sawSchedule))
	r.GET("/student/schedule.ics", s.studentErrors(s.scheduleCalendar))
	r.GET("/student/data", s.studentErrors(s.studentData))
	r.GET("/student/live", s.handle(s.studentLive))
}
