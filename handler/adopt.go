package main

import (
	"mailgrant/handler/grant"

	"github.com/labstack/echo/v4"
)

// adopt takes the request in that makes a managed grant of what exists in the tenant.
func (s *server) adopt(c echo.Context) error {
	return s.take(c, opsSource, grant.AsAdoption)
}
