package web

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"
)

// openAPI describes every route; a test holds the routes against it.
//
//go:embed openapi.yaml
var openAPI []byte

// description is GET /openapi.yaml.
func (s *Server) description(c *gin.Context) error {
	c.Data(http.StatusOK, "application/yaml", openAPI)
	return nil
}
