package web

// staffRoutes registers what contacts and organisers use.
func (s *Server) staffRoutes() {}
