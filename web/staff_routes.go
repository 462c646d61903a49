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
	data.GET("/class-lists/preview", s.handle(s.showPreview))
	data.DELETE("/class-lists/preview", s.handle(s.dropDraft))
	data.GET("/students", s.handle(s.students))
	data.POST("/students", s.handle(s.addStudent))
	data.GET("/students/new", s.handle(s.newStudent))
	data.POST("/students/search", s.handle(s.searchStudents))
	data.GET("/students/:student", s.handle(s.studentOne))
	data.PATCH("/students/:student", s.handle(s.changeStudent))
	data.DELETE("/students/:student", s.handle(s.eraseStudent))
	data.GET("/students/:student/change", s.handle(s.editStudent))
	data.GET("/students/:student/erase", s.handle(s.confirmErase))
	data.POST("/students/:student/code", s.handle(s.newCode))
	data.PUT("/students/:student/choices/:round", s.handle(s.place))
	data.GET("/slips.pdf", s.handle(s.slips("pdf")))
	data.GET("/slips.csv", s.handle(s.slips("csv")))
	data.GET("/unfinished", s.handle(s.unfinished))
	data.GET("/unfinished.csv", s.handle(s.unfinishedCSV))
	data.GET("/invitations", s.handle(s.showInvitations))
	data.POST("/invitations", s.handle(s.sendInvitations))
	data.GET("/progress", s.handle(s.progress))
	data.GET("/overviews", s.handle(s.overviews))
	data.GET("/overviews/:file", s.handle(s.overviewFile))

	// What the organiser alone does with an event.
	manage := event.Group("", s.handle(s.requireOrganiser))
	manage.GET("/change", s.handle(s.editEvent))
	manage.GET("/programme", s.handle(s.programme))
	manage.GET("/allocation", s.handle(s.allocation))

	// What changes it: until the purge.
	change := manage.Group("", s.handle(s.requireData))
	change.PATCH("", s.handle(s.changeEvent))
	change.PUT("/programme", s.handle(s.putProgramme))
	change.POST("/open", s.handle(s.step("open", s.stepOpen)))
	change.POST("/close", s.handle(s.step("close", s.stepClose)))
	change.POST("/publish", s.handle(s.step("publish", s.stepPublish)))
	change.POST("/cancel", s.handle(s.step("cancel", s.stepCancel)))
	change.POST("/allocate", s.handle(s.allocate))
}
