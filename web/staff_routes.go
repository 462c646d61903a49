package web

// staffRoutes registers what contacts and organisers use.
func (s *Server) staffRoutes() {
	open := s.engine
	open.GET("/openapi.yaml", s.handle(s.description))
	open.GET("/sign-in", s.handle(s.showSignIn))
	open.POST("/sign-in", s.handle(s.signInStaff))
	open.POST("/sign-out", s.handle(s.signOutStaff))
	open.GET("/invitation", s.handle(s.showInvitation))
	open.POST("/invitations", s.handle(s.acceptInvitation))
	open.POST("/password-reset", s.handle(s.resetPassword))

	staff := s.engine.Group("/", s.handle(s.requireStaff))
	staff.GET("/account/password", s.handle(s.showPassword))
	staff.POST("/account/password", s.handle(s.changePassword))
	staff.GET("/events", s.handle(s.events))

	organiser := staff.Group("/", s.handle(s.requireOrganiser))
	organiser.GET("/schools", s.handle(s.schools))
	organiser.POST("/schools", s.handle(s.addSchool))
	organiser.GET("/schools/:school", s.handle(s.school))
	organiser.PATCH("/schools/:school", s.handle(s.changeSchool))
	organiser.POST("/schools/:school/contacts", s.handle(s.addContact))
	organiser.DELETE("/schools/:school/contacts/:contact", s.handle(s.removeContact))
	organiser.POST("/schools/:school/contacts/:contact/invitation", s.handle(s.renewInvitation))
	organiser.GET("/events/new", s.handle(s.newEvent))
	organiser.POST("/events", s.handle(s.addEvent))
	organiser.GET("/audit", s.handle(s.auditLog))
	organiser.GET("/purge-log", s.handle(s.purgeLog))
	organiser.GET("/purge-log/checkpoint", s.handle(s.checkpoint))

	// What belongs to one event: of their own school, for contacts.
	event := staff.Group("/events/:event", s.handle(s.requireEvent))
	event.GET("", s.handle(s.event))
	event.GET("/recipient", s.handle(s.recipient))
	event.GET("/purge", s.handle(s.showPurge))
	event.POST("/purge", s.handle(s.purge))
	event.GET("/purge/certificate.pdf", s.handle(s.certificate))

	// What touches students: until the purge.
	data := event.Group("", s.handle(s.requireData))
	data.GET("/class-lists", s.handle(s.showList))
	data.POST("/class-lists", s.handle(s.uploadList))
	data.GET("/students", s.handle(s.students))
	data.POST("/students/search", s.handle(s.searchStudents))
	data.GET("/students/:student", s.handle(s.studentOne))
	data.PUT("/students/:student/choices/:round", s.handle(s.place))
	data.GET("/slips.pdf", s.handle(s.slips("pdf")))
	data.GET("/slips.csv", s.handle(s.slips("csv")))
	data.GET("/progress", s.handle(s.progress))
	data.GET("/overviews", s.handle(s.overviews))
	data.GET("/overviews/:file", s.handle(s.overviewFile))

	// What the organiser alone does with an event.
	manage := event.Group("", s.handle(s.requireOrganiser))
	manage.GET("/change", s.handle(s.editEvent))
	manage.PATCH("", s.handle(s.changeEvent))
	manage.GET("/programme", s.handle(s.programme))
	manage.PUT("/programme", s.handle(s.putProgramme))
	manage.POST("/open", s.handle(s.step("open", s.stepOpen)))
	manage.POST("/close", s.handle(s.step("close", s.stepClose)))
	manage.POST("/publish", s.handle(s.step("publish", s.stepPublish)))
	manage.POST("/cancel", s.handle(s.step("cancel", s.stepCancel)))
	manage.POST("/allocate", s.handle(s.allocate))
	manage.GET("/allocation", s.handle(s.allocation))
}
