package main

import (
	"mailgrant/handler/grant"

	"github.com/labstack/echo/v4"
)

// migrate takes the request in that replaces an application's organization-wide consents
// by a grant. The grant is what the caller follows; it is ready when the consents are gone.
func (s *server) migrate(c echo.Context) error {
	return s.take(c, opsSource, grant.AsMigration)
}
