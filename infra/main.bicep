// What mailgrant runs on, in reading order: who it is, what watches it, where its state
// lies, where secrets lie, what it may touch there, the app itself, the alarms. What it
// may do in the tenant is not here: graph.bicep gives the app roles, and the role group in
// Exchange is made there.
targetScope = 'resourceGroup'

// Parameters: what an installation has to say, then what it may change.

@description('Six lower-case letters or digits. They are in the name of every object that is made in the tenant, so two installations must not share them, and they never change.')
@minLength(6)
@maxLength(6)
param installation string

@description('Object ids of the people and pipelines that publish code, change settings and list keys. Everybody else who does so rings an alarm.')
@minLength(1)
param publishers array

@description('Addresses that get the alarms.')
@minLength(1)
param alarmAddresses array

@description('Where everything lies. Flex Consumption is not offered in every region.')
@minLength(3)
@maxLength(40)
param location string = resourceGroup().location

@description('Tags for every resource.')
param tags object = {
  application: 'mailgrant'
}

@description('How storage is copied: within one building (LRS) or across zones (ZRS). What has to outlive a region belongs in an export.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param storageCopies string = 'Standard_ZRS'

@description('Days for which logs can be searched.')
@minValue(30)
@maxValue(730)
param logDays int = 90

@description('Collect the subscription\'s activity log, which two alarms read. Switch it off where the subscription already sends it to this workspace; deploying it takes rights on the subscription.')
param collectActivity bool = true

@description('Megabytes for one instance.')
@allowed([
  512
  2048
  4096
])
param instanceMemory int = 2048

@description('How far the platform may scale out. The calls to the tenant are bounded apart from this, by a ceiling in the storage that all instances share.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Instances that are kept warm for HTTP. With none, the first ticket after a quiet time can wait longer than its sender does.')
@minValue(1)
@maxValue(20)
param warmInstances int = 1

@description('When ends, unfinished work and deliveries are looked for: six fields, UTC.')
@minLength(11)
@maxLength(60)
param expireSchedule string = '0 * * * * *'

@description('When grants are looked at that are due for a retest: six fields, UTC.')
@minLength(11)
@maxLength(60)
param retestSchedule string = '0 */15 * * * *'

@description('When the tenant is compared with the ledger: six fields, UTC.')
@minLength(11)
@maxLength(60)
param discoverSchedule string = '0 30 3 * * *'

@description('Application id of the registration by which callers sign in; empty leaves sign-in off, and function keys are the only door.')
@maxLength(36)
param signInClientId string = ''

@description('Who may call once sign-in is on: object ids of people and of service principals. With none, every account of the tenant gets as far as the function keys.')
param signInPrincipals array = []

@description('What happens to a call without a token: Return401, or AllowAnonymous where ticket systems come with a function key only.')
@allowed([
  'Return401'
  'AllowAnonymous'
])
param signInMissing string = 'Return401'

@description('Settings whose values lie in the vault: the setting\'s name and the secret\'s. MICROSOFT_PROVIDER_AUTHENTICATION_SECRET is the client secret for sign-in in a browser, OTEL_EXPORTER_OTLP_HEADERS what a collector asks for.')
param secretSettings object = {}

@description('Address of an OpenTelemetry collector, without a path; empty sends no traces and metrics.')
@maxLength(200)
param collector string = ''

@description('Address of Microsoft Graph; empty means the public cloud.')
@maxLength(200)
param graphEndpoint string = ''

@description('Address of Exchange administration; empty means the public cloud.')
@maxLength(200)
param exchangeEndpoint string = ''

@description('Address that issues tokens; empty means the public cloud.')
@maxLength(200)
param authorityHost string = ''

// Names. Storage accounts and vaults share one namespace with the whole world.

var suffix = uniqueString(resourceGroup().id, installation)
var names = {
  identity: 'mailgrant-${installation}'
  workspace: 'mailgrant-${installation}'
  insights: 'mailgrant-${installation}'
  storage: 'mg${installation}${suffix}'
  vault: 'mg-${installation}-${suffix}'
  plan: 'mailgrant-${installation}'
  app: 'mailgrant-${installation}-${suffix}'
}
var packages = 'packages'
var queues = [
  'apply'
  'notify'
]
var tables = [
  'ids'
  'ledger'
  'due'
  'work'
]

// Who it is: an identity of its own, because roles have to exist before the app starts.

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    name: names.identity
    location: location
    tags: tags
  }
}

// What watches it.

module watch 'modules/watch.bicep' = {
  name: 'watch'
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    logDays: logDays
    location: location
    tags: tags
  }
}

module activity 'modules/activity.bicep' = if (collectActivity) {
  name: 'activity-${installation}'
  scope: subscription()
  params: {
    name: 'mailgrant-${installation}'
    workspaceId: watch.outputs.workspaceId
  }
}

// Where its state lies. The host moves a message that failed too often to the queue of
// the same name with -poison behind it.

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: names.storage
    copies: storageCopies
    packages: packages
    queues: concat(queues, map(queues, queue => '${queue}-poison'))
    tables: tables
    workspaceId: watch.outputs.workspaceId
    location: location
    tags: tags
  }
}

// Where secrets lie.

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: names.vault
    workspaceId: watch.outputs.workspaceId
    location: location
    tags: tags
  }
}

// What it may touch here. Each role is given on one resource, never on the group.

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: watch.outputs.insightsName
  }
}

// The app itself.

var settings = {
  // For the host: its own storage, and where telemetry goes, both by identity.
  AzureWebJobsStorage__accountName: storage.outputs.name
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.outputs.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: watch.outputs.connectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.outputs.clientId}'
  EXPIRE_SCHEDULE: expireSchedule
  RETEST_SCHEDULE: retestSchedule
  DISCOVER_SCHEDULE: discoverSchedule
  // For the service; what is blank counts as unset.
  MAILGRANT_INSTALLATION: installation
  MAILGRANT_CONFIG: 'mailgrant.yaml'
  GrantStorage__tableServiceUri: storage.outputs.tableEndpoint
  GrantStorage__queueServiceUri: storage.outputs.queueEndpoint
  GrantStorage__credential: 'managedidentity'
  GrantStorage__clientId: identity.outputs.clientId
  AZURE_TENANT_ID: tenant().tenantId
  AZURE_CLIENT_ID: identity.outputs.clientId
  AZURE_AUTHORITY_HOST: authorityHost
  GRAPH_ENDPOINT: graphEndpoint
  EXCHANGE_ENDPOINT: exchangeEndpoint
  OTEL_EXPORTER_OTLP_ENDPOINT: collector
}
var references = toObject(items(secretSettings), each => (each.key), each => '@Microsoft.KeyVault(VaultName=${names.vault};SecretName=${each.value})')

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: names.app
    planName: names.plan
    identityId: identity.outputs.id
    packageContainer: '${storage.outputs.blobEndpoint}${packages}'
    instanceMemory: instanceMemory
    maximumInstances: maximumInstances
    warmInstances: warmInstances
    settings: union(settings, references)
    signIn: {
      on: !empty(signInClientId)
      clientId: signInClientId
      issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
      principals: signInPrincipals
      required: signInMissing == 'Return401'
      missing: signInMissing
      secretSetting: contains(secretSettings, 'MICROSOFT_PROVIDER_AUTHENTICATION_SECRET') ? 'MICROSOFT_PROVIDER_AUTHENTICATION_SECRET' : ''
    }
    location: location
    tags: tags
  }
  // An app that starts before its roles are there cannot read its package.
  dependsOn: [
    access
  ]
}

// The alarms.

module alarms 'modules/alarms.bicep' = {
  name: 'alarms'
  params: {
    prefix: 'mailgrant-${installation}'
    workspaceId: watch.outputs.workspaceId
    identityId: identity.outputs.id
    addresses: alarmAddresses
    publishers: publishers
    resourceGroupName: resourceGroup().name
    location: location
    tags: tags
  }
}

// What the steps after this one need to know.

@description('Name of the app, for publishing.')
output appName string = app.outputs.name

@description('Host name of the app, for callers.')
output hostName string = app.outputs.hostName

@description('Application id of the identity.')
output clientId string = identity.outputs.clientId

@description('Object id of the identity\'s service principal: what gets rights in the tenant.')
output principalId string = identity.outputs.principalId

@description('Name of the storage account.')
output storageName string = storage.outputs.name

@description('Name of the vault.')
output vaultName string = vault.outputs.name
