// The same job in NestJS 11 on Fastify: verify the JWT of a cookie, read that user's list from Redis, send it.
//
// node server.mjs PORT PROCESSES   (REDIS_URL and JWT_SECRET from the environment)
// Decorators are applied by hand: Node runs this file as it is.
import 'reflect-metadata';
import cluster from 'node:cluster';
import cookie from '@fastify/cookie';
import { Controller, Get, Header, Module, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';

const [port, processes] = process.argv.slice(2).map(Number);
const decorate = (target, name, ...decorators) => {
  const property = Object.getOwnPropertyDescriptor(target, name);
  for (const decorator of decorators.reverse()) decorator(target, name, property);
};
const injects = (type, ...parameters) => Reflect.defineMetadata('design:paramtypes', parameters, type);

class SignedIn {
  constructor(jwt) {
    this.jwt = jwt;
  }
  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    try {
      request.user = await this.jwt.verifyAsync(request.cookies.access ?? '', { algorithms: ['HS256'] });
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}
injects(SignedIn, JwtService);

class Invoices {
  constructor(redis) {
    this.redis = redis;
  }
  list(request) {
    return this.redis.get(`invoices:${request.user.sub}`);
  }
}
injects(Invoices, Redis);
decorate(Invoices.prototype, 'list', Get('invoices'), Header('Content-Type', 'application/json'), UseGuards(SignedIn));
Req()(Invoices.prototype, 'list', 0);
Controller('api')(Invoices);

class App {}
Module({
  imports: [JwtModule.register({ secret: process.env.JWT_SECRET })],
  controllers: [Invoices],
  providers: [SignedIn, { provide: Redis, useFactory: () => new Redis(process.env.REDIS_URL) }],
})(App);

if (cluster.isPrimary && processes > 1) {
  for (let i = 0; i < processes; i += 1) cluster.fork();
} else {
  const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false });
  await app.register(cookie);
  await app.listen(port, '127.0.0.1');
}
