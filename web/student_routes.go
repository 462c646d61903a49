package web

// studentRoutes registers what students use.
func (s *Server) studentRoutes() {
	r := s.engine
	r.GET("/", s.handle(s.home))
	r.GET("/k", s.handle(s.link))
	r.GET("/purged/:event", s.handle(s.purged))
	r.POST("/student/sign-in", s.handle(s.signInStudent))
	r.POST("/student/sign-out", s.handle(s.signOutStudent))
	r.GET("/student/live", s.handle(s.studentLive))
}
