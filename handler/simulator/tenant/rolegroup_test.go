package tenant

import (
	"net/http"
	"strings"
	"testing"
)

func freshTenant(t *testing.T, delegation string) *Tenant {
	t.Helper()
	return started(t, Options{Directory: strings.NewReader(SampleFreshDirectory(delegation))})
}

// as runs a cmdlet with a token of somebody, minted now.
func as(t *testing.T, to *Tenant, who, cmdlet string, with parameters) wireReply {
	t.Helper()
	return invoke(t, to, to.Token(who, "exchange"), cmdlet, with)
}

func invoke(t *testing.T, to *Tenant, token, cmdlet string, with parameters) wireReply {
	t.Helper()
	return send(t, to, "POST", exchangePath, commandBody(t, cmdlet, with), token)
}

func graphAs(t *testing.T, to *Tenant, token, method, path, body string) wireReply {
	t.Helper()
	return send(t, to, method, path, body, token)
}

// TestRoleGroupGivesItsRolesToItsMembers: an identity without anything gets the cmdlets of a role
// group's roles, and may hand on what the group may, where the tenant honours that.
func TestRoleGroupGivesItsRolesToItsMembers(t *testing.T) {
	t.Parallel()
	for delegation, wanted := range map[string]int{delegationHonoured: http.StatusOK, delegationIgnored: http.StatusBadRequest} {
		to := freshTenant(t, delegation)
		admin := func(cmdlet string, with parameters) {
			wantStatus(t, as(t, to, SampleAdministratorAppID, cmdlet, with), http.StatusOK)
		}
		consented := graphAs(t, to, to.Token(SampleAdministratorAppID, "graph"), "POST", "/v1.0/servicePrincipals/"+SampleServiceObjectID+"/appRoleAssignments",
			`{"principalId":"`+SampleServiceObjectID+`","resourceId":"`+SampleExchangeObjectID+`","appRoleId":"dc50a0fb-09a3-484d-be87-e023b12c6440"}`)
		wantStatus(t, consented, http.StatusCreated)
		wantStatus(t, as(t, to, SampleServiceAppID, "Get-ManagementScope", nil), http.StatusForbidden)
		admin("New-ServicePrincipal", parameters{"AppId": SampleServiceAppID, "ObjectId": SampleServiceObjectID})
		admin("New-RoleGroup", parameters{"Name": "service", "Roles": []any{"Role Management"}, "Members": []any{SampleServiceObjectID}})
		wantStatus(t, as(t, to, SampleServiceAppID, "Get-ManagementScope", nil), http.StatusOK)
		send := parameters{"Role": "Application Mail.Send", "App": SampleHelpdeskObjectID, "CustomResourceScope": SampleHelpdeskScope}
		wantRefusal(t, as(t, to, SampleServiceAppID, "New-ManagementRoleAssignment", send), "TaskInvalidOperationException")
		admin("New-ManagementRoleAssignment", parameters{"Role": "Application Mail.Send", "SecurityGroup": "service", "Delegating": true})
		wantStatus(t, as(t, to, SampleServiceAppID, "New-ManagementRoleAssignment", send), wanted)
		rows := as(t, to, SampleAdministratorAppID, "Get-ManagementRoleAssignment", parameters{"RoleAssignee": "service"}).rows(t)
		if len(rows) != 2 || rows[1]["Name"] != "Application Mail.Send-service-Delegating" {
			t.Errorf("the group has %v", rows)
		}
		admin("Remove-ManagementRoleAssignment", parameters{"Identity": "Application Mail.Send-service-Delegating"})
		admin("Remove-RoleGroupMember", parameters{"Identity": "service", "Member": SampleServiceObjectID})
		wantStatus(t, as(t, to, SampleServiceAppID, "Get-ManagementScope", nil), http.StatusForbidden)
		admin("Remove-RoleGroup", parameters{"Identity": "service"})
	}
	to := freshTenant(t, delegationRefused)
	wantStatus(t, as(t, to, SampleAdministratorAppID, "New-RoleGroup", parameters{"Name": "service"}), http.StatusOK)
	wantRefusal(t, as(t, to, SampleAdministratorAppID, "New-ManagementRoleAssignment",
		parameters{"Role": "Application Mail.Send", "SecurityGroup": "service", "Delegating": true}), "TaskInvalidOperationException")
}

// TestDirectoryRoleIsInTheToken: a role of the directory opens Exchange for tokens minted after it.
func TestDirectoryRoleIsInTheToken(t *testing.T) {
	t.Parallel()
	to := freshTenant(t, "")
	admin := to.Token(SampleAdministratorAppID, "graph")
	wantStatus(t, graphAs(t, to, admin, "POST", "/v1.0/servicePrincipals/"+SampleServiceObjectID+"/appRoleAssignments",
		`{"principalId":"`+SampleServiceObjectID+`","resourceId":"`+SampleExchangeObjectID+`","appRoleId":"dc50a0fb-09a3-484d-be87-e023b12c6440"}`), http.StatusCreated)
	old := to.Token(SampleServiceAppID, "exchange")
	body := `{"principalId":"` + SampleServiceObjectID + `","roleDefinitionId":"29232cdf-9323-42fd-ade2-1d097af3e4de","directoryScopeId":"/"}`
	made := graphAs(t, to, admin, "POST", "/v1.0/roleManagement/directory/roleAssignments", body)
	wantStatus(t, made, http.StatusCreated)
	wantStatus(t, graphAs(t, to, admin, "POST", "/v1.0/roleManagement/directory/roleAssignments", body), http.StatusBadRequest)
	wantStatus(t, invoke(t, to, old, "Get-ManagementScope", nil), http.StatusForbidden)
	wantStatus(t, as(t, to, SampleServiceAppID, "Get-ManagementScope", nil), http.StatusOK)
	id, _ := made.Body["id"].(string)
	wantStatus(t, graphAs(t, to, admin, "DELETE", "/v1.0/roleManagement/directory/roleAssignments/"+id, ""), http.StatusNoContent)
	wantStatus(t, as(t, to, SampleServiceAppID, "Get-ManagementScope", nil), http.StatusForbidden)
}
