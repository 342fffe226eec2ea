package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/graph"
)

// surveyPart is one part of a survey of the whole tenant: how it is read, and how what
// was read is kept between invocations.
type surveyPart struct {
	name, needs string
	read        func(ctx context.Context, e *Engine, s *surveyed) error
	fail        func(s *surveyed, why string)
	encode      func(s *surveyed) ([]byte, error)
	decode      func(s *surveyed, text []byte) error
}

func partOfSurvey[T any](name, needs string, field func(*surveyed) *access.Reading[T], read func(context.Context, *Engine, *surveyed) (T, error)) surveyPart {
	return surveyPart{
		name: name, needs: needs,
		read: func(ctx context.Context, e *Engine, s *surveyed) error {
			found, err := readPart(ctx, e, needs, func(ctx context.Context) (T, error) { return read(ctx, e, s) })
			*field(s) = found
			return err
		},
		fail:   func(s *surveyed, why string) { *field(s) = access.NotRead[T](why) },
		encode: func(s *surveyed) ([]byte, error) { return json.Marshal(field(s)) },
		decode: func(s *surveyed, text []byte) error { return json.Unmarshal(text, field(s)) },
	}
}

// firstParts need nothing but the tenant; they are read side by side.
func firstParts() []surveyPart {
	return []surveyPart{
		partOfSurvey("mailboxes", needsRecipients, func(s *surveyed) *access.Reading[[]surveyedMailbox] { return &s.Mailboxes },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]surveyedMailbox, error) {
				return e.readMailboxes(ctx)
			}),
		partOfSurvey("principals", needsApplications, func(s *surveyed) *access.Reading[[]graph.ServicePrincipal] { return &s.Principals },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]graph.ServicePrincipal, error) {
				return e.Graph.ListServicePrincipals(ctx)
			}),
		partOfSurvey("consentsOnGraph", needsApplications, func(s *surveyed) *access.Reading[[]heldConsent] { return &s.OnGraph },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]heldConsent, error) {
				return e.readConsentsTo(ctx, graph.GraphAppID)
			}),
		partOfSurvey("consentsOnExchange", needsApplications, func(s *surveyed) *access.Reading[[]heldConsent] { return &s.OnExchange },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]heldConsent, error) {
				return e.readConsentsTo(ctx, graph.ExchangeAppID)
			}),
		partOfSurvey("pointers", needsConfiguration, func(s *surveyed) *access.Reading[[]exchange.ServicePrincipal] { return &s.Pointers },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]exchange.ServicePrincipal, error) {
				return e.Exchange.ListServicePrincipals(ctx)
			}),
		partOfSurvey("assignments", needsConfiguration, func(s *surveyed) *access.Reading[[]exchange.RoleAssignment] { return &s.Assignments },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]exchange.RoleAssignment, error) {
				return e.readApplicationRoles(ctx)
			}),
		partOfSurvey("scopes", needsConfiguration, func(s *surveyed) *access.Reading[[]exchange.ManagementScope] { return &s.Scopes },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]exchange.ManagementScope, error) {
				return e.Exchange.ListManagementScopes(ctx)
			}),
		partOfSurvey("policies", needsConfiguration, func(s *surveyed) *access.Reading[[]exchange.ApplicationAccessPolicy] { return &s.Policies },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]exchange.ApplicationAccessPolicy, error) {
				return e.Exchange.ListApplicationAccessPolicies(ctx)
			}),
		partOfSurvey("directoryRoles", needsDirectory, func(s *surveyed) *access.Reading[[]heldRole] { return &s.Directory },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]heldRole, error) {
				return e.readDirectoryRoles(ctx, "")
			}),
		partOfSurvey("roleGroups", needsConfiguration, func(s *surveyed) *access.Reading[[]heldRole] { return &s.RoleGroups },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]heldRole, error) { return e.readRoleGroups(ctx) }),
		partOfSurvey("ledger", "nothing", func(s *surveyed) *access.Reading[[]ownObject] { return &s.Own },
			func(ctx context.Context, e *Engine, _ *surveyed) ([]ownObject, error) { return e.allOwnObjects(ctx) }),
	}
}

// secondParts are named by the first ones.
func secondParts() []surveyPart {
	return []surveyPart{
		partOfSurvey("groups", needsRecipients, func(s *surveyed) *access.Reading[[]surveyedGroup] { return &s.Groups },
			func(ctx context.Context, e *Engine, s *surveyed) ([]surveyedGroup, error) {
				nested, direct := s.groupsNamed()
				return e.readGroups(ctx, nested, direct)
			}),
		partOfSurvey("units", needsUnits, func(s *surveyed) *access.Reading[[]surveyedUnit] { return &s.Units },
			func(ctx context.Context, e *Engine, s *surveyed) ([]surveyedUnit, error) {
				return e.readUnits(ctx, s.unitsNamed())
			}),
		partOfSurvey("mailboxPermissions", needsRecipients, func(s *surveyed) *access.Reading[access.MailboxPermissions] { return &s.Permissions },
			func(ctx context.Context, e *Engine, s *surveyed) (access.MailboxPermissions, error) {
				return e.crawled(ctx, s.Mailboxes)
			}),
	}
}

// readMailboxes joins the two readings of every mailbox by GUID. Each alone lacks
// properties that filters ask for; what neither returned stays unknown by name.
func (e *Engine) readMailboxes(ctx context.Context) ([]surveyedMailbox, error) {
	listed, err := e.Exchange.ListMailboxes(ctx)
	if err != nil {
		return nil, err
	}
	profiles, err := e.Exchange.ListMailboxProfiles(ctx)
	if err != nil {
		return nil, err
	}
	byGUID := map[string]map[string][]string{}
	for _, profile := range profiles {
		byGUID[profile.GUID] = profile.Properties
	}
	var mailboxes []surveyedMailbox
	for _, one := range listed {
		if !grantable(one.Type) {
			continue
		}
		properties := map[string][]string{}
		maps.Copy(properties, byGUID[one.GUID])
		maps.Copy(properties, one.Properties)
		mailboxes = append(mailboxes, surveyedMailbox{GUID: one.GUID, EntraID: one.ExternalDirectoryObjectID, Address: one.PrimaryAddress, Type: one.Type, Properties: properties})
	}
	return mailboxes, nil
}

// readConsentsTo reads who holds which role of a resource. A resource without a service
// principal in the tenant has given nothing to anybody.
func (e *Engine) readConsentsTo(ctx context.Context, appID string) ([]heldConsent, error) {
	resource, err := e.Graph.FindResource(ctx, appID)
	if graph.KindOf(err) == graph.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	listed, err := e.Graph.ListConsentsTo(ctx, resource.ObjectID)
	if err != nil {
		return nil, fmt.Errorf("listing the consents to %s: %w", resource.DisplayName, err)
	}
	onGraph, onExchange := resource, graph.Resource{}
	if appID == graph.ExchangeAppID {
		onGraph, onExchange = onExchange, onGraph
	}
	var held []heldConsent
	for _, one := range listed {
		// A person or a group that may use an application holds no permission by it.
		if one.PrincipalType == "" || one.PrincipalType == "ServicePrincipal" {
			held = append(held, heldConsent{Holder: one.PrincipalID, Consent: understood(one, onGraph, onExchange)})
		}
	}
	return held, nil
}

// readApplicationRoles reads the assignments of roles that open mailboxes; a tenant has
// hundreds of others.
func (e *Engine) readApplicationRoles(ctx context.Context) ([]exchange.RoleAssignment, error) {
	listed, err := e.Exchange.ListApplicationRoleAssignments(ctx)
	var wanted []exchange.RoleAssignment
	for _, one := range listed {
		if forApplications(one.Role) {
			wanted = append(wanted, one)
		}
	}
	return wanted, err
}
