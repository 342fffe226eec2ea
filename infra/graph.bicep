extension microsoftGraphV1

// Optional: the app roles of the service's identity in the tenant, for whoever rather
// deploys them than runs a script. It takes a person who may consent (AppRoleAssignment.
// ReadWrite.All and Application.Read.All), who is often not the one who deploys main.bicep.
// The role group in Exchange cannot be made here.

@description('Object id of the identity\'s service principal: principalId among the outputs of main.bicep.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Let the service give and remove consents itself, as consentBy: service in the operator\'s document. Whoever holds this right may give himself any access.')
param writesConsents bool = false

// What the service reads: applications and consents; units and their members, for
// scopes; who holds a role in the directory, for other paths.
var reads = [
  'Application.Read.All'
  'AdministrativeUnit.Read.All'
  'RoleManagement.Read.Directory'
]
var writes = writesConsents ? [
  'AppRoleAssignment.ReadWrite.All'
] : []
var graphRoles = concat(reads, writes)

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource exchange 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000002-0000-0ff1-ce00-000000000000'
}

resource onGraph 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for each in graphRoles: {
  principalId: principalId
  resourceId: graph.id
  appRoleId: filter(graph.appRoles, role => (role.value == each))[0].id
}]

resource onExchange 'Microsoft.Graph/appRoleAssignedTo@v1.0' = {
  principalId: principalId
  resourceId: exchange.id
  appRoleId: filter(exchange.appRoles, role => (role.value == 'Exchange.ManageAsApp'))[0].id
}
