package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/scripts/administer"
)

func graphProbes() []probe {
	return []probe{
		{name: "id-of-smtp-send", mark: oneSource, fact: "SMTP.SendAsApp has the id 7146a1f0-8703-45b3-9eae-527a64c00995", simulator: "7146a1f0-8703-45b3-9eae-527a64c00995",
			ask: roleID(administer.ExchangeAppID, "SMTP.SendAsApp")},
		{name: "ews-access-offered", mark: inferred, fact: "Office 365 Exchange Online offers an app role EWS.AccessAsApp", simulator: "offered",
			ask: func(ctx context.Context, b *bench) (string, error) {
				id, err := roleID(administer.ExchangeAppID, "EWS.AccessAsApp")(ctx, b)
				if id != notOffered {
					id = "offered"
				}
				return id, err
			}},
		{name: "same-id-twice", mark: oneSource, fact: "Mail.Read has the same id on Microsoft Graph and on Office 365 Exchange Online", simulator: "the same",
			ask: func(ctx context.Context, b *bench) (string, error) {
				one, err := roleID(administer.GraphAppID, "Mail.Read")(ctx, b)
				if err != nil {
					return "", err
				}
				two, err := roleID(administer.ExchangeAppID, "Mail.Read")(ctx, b)
				if one == two {
					return "the same", err
				}
				return one + " and " + two, err
			}},
	}
}

const notOffered = "not offered"

// roleID looks an app role up by its value.
func roleID(appID, value string) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, b *bench) (string, error) {
		var found struct{ AppRoles []struct{ ID, Value string } }
		err := b.tenant.Get(ctx, "/servicePrincipals(appId='"+appID+"')?$select=id,appRoles", &found)
		if err != nil {
			return "", err
		}
		for _, role := range found.AppRoles {
			if role.Value == value {
				return role.ID, nil
			}
		}
		return notOffered, nil
	}
}

// applicationRoles compares the tenant's list with the table of the service.
func applicationRoles(ctx context.Context, b *bench) (string, error) {
	read, err := b.rows(ctx, "Get-ManagementRole", map[string]any{"Identity": "Application*"})
	if err != nil {
		return "", err
	}
	var names []string
	for _, row := range read.Value {
		if strings.HasPrefix(row.Text("Name"), "Application ") {
			names = append(names, row.Text("Name"))
		}
	}
	lacking, extra := access.CheckRoles(names)
	return fmt.Sprintf("%d, %s, %s", len(names), orNone("lacks", lacking), orNone("new", extra)), nil
}

func orNone(what string, names []string) string {
	slices.Sort(names)
	if len(names) > 0 {
		return what + ": " + strings.Join(names, ", ")
	}
	if what == "new" {
		return "none is new"
	}
	return "none lacks"
}
